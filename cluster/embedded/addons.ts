import { inside, type Layout } from './layout.ts';

const namespace = 'kube-system';

const dnsPorts = [
  { name: 'dns', port: 53, protocol: 'UDP' },
  { name: 'dns-tcp', port: 53, protocol: 'TCP' },
];

/** What the cluster holds from its first moment on: the DNS Service and a default StorageClass. */
export function listAddons(layout: Layout): object[] {
  return [dnsService, describeDnsEndpoints(layout), storageClass];
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

// Claims are bound at once: on a single node there is no placement to wait for, and the scheduler looks only once a
// second at a volume that it has asked for.
const storageClass = {
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  metadata: { name: 'standard', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
  provisioner: 'kubernetes.io/host-path',
  volumeBindingMode: 'Immediate',
  reclaimPolicy: 'Delete',
};
