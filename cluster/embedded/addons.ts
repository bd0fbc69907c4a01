import { inside, type Layout } from './layout.ts';

const namespace = 'kube-system';

const dnsPorts = [
  { name: 'dns', port: 53, protocol: 'UDP' },
  { name: 'dns-tcp', port: 53, protocol: 'TCP' },
];

/** What the cluster holds from its first moment on: the DNS Service and a default StorageClass. */
export function listAddons(layout: Layout): object[] {
  return [dnsService, describeDnsEndpoints(layout), storageConfiguration, storageClass];
}

// CoreDNS is no pod, so the Service selects nothing and its endpoints are written here.
const dnsService = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'kube-dns', namespace },
  spec: { clusterIP: inside.dnsAddress, ports: dnsPorts },
};

function describeDnsEndpoints(layout: Layout) {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'kube-dns', namespace, labels: { 'kubernetes.io/service-name': 'kube-dns' } },
    addressType: 'IPv4',
    ports: dnsPorts,
    endpoints: [{ addresses: [layout.nodeAddress], conditions: { ready: true } }],
  };
}

const helperPod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'helper-pod' },
  spec: {
    automountServiceAccountToken: false,
    terminationGracePeriodSeconds: 0,
    containers: [{ name: 'helper-pod', image: 'docker.io/library/busybox:1.36', imagePullPolicy: 'Never' }],
  },
};

const storageConfiguration = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'local-path-config', namespace },
  data: {
    setup: '#!/bin/sh\nset -eu\nmkdir -m 0777 -p "$VOL_DIR"\n',
    teardown: '#!/bin/sh\nset -eu\nrm -rf "$VOL_DIR"\n',
    'helperPod.yaml': JSON.stringify(helperPod),
  },
};

const storageClass = {
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  metadata: {
    name: 'standard',
    annotations: { 'storageclass.kubernetes.io/is-default-class': 'true', defaultVolumeType: 'local' },
  },
  provisioner: 'rancher.io/local-path',
  volumeBindingMode: 'WaitForFirstConsumer',
  reclaimPolicy: 'Delete',
};
