import { directories, inside, type Layout } from './layout.ts';

/** The image of every pod's sandbox, built like the others and never pulled. */
export const pauseImage = 'docker.io/cubby-dev/pause:1';

const { config, pki } = directories;

/** The kubeconfigs that components expect in `directories.config`, each for the certificate of its name. */
export const kubeconfigNames: readonly string[] = ['admin', 'controller-manager', 'scheduler', 'proxy', 'node'];

/** The configuration files of all components, by their path below `directories.config`. */
export function renderConfiguration(layout: Layout, snapshotter: Snapshotter): Record<string, string> {
  return {
    'containerd.toml': renderContainerd(snapshotter),
    'net.d/10-cubby.conflist': renderJson(network),
    'kubelet.json': renderJson(describeKubelet(layout)),
    'kube-proxy.json': renderJson(proxy),
    Corefile: renderDns(layout),
  };
}

/** How containerd keeps image layers: overlay mounts, or plain copies where the disk is itself an overlay. */
export type Snapshotter = 'overlayfs' | 'native';

function renderContainerd(snapshotter: Snapshotter): string {
  return `version = 2
root = "${directories.containerd}"
state = "/run/containerd"

[grpc]
  address = "/run/containerd/containerd.sock"

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${pauseImage}"
  # Lowering a score needs CAP_SYS_RESOURCE, which root lacks on some machines.
  restrict_oom_score_adj = true
  enable_unprivileged_ports = true
  enable_unprivileged_icmp = true

  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "${config}/net.d"

  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "${snapshotter}"
    default_runtime_name = "runc"

    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
`;
}

// Point-to-point links are routed by the node, so a Service's answer passes the node's connection tracking even
// between two of its pods. A bridge would need the br_netfilter module for that.
const network = {
  cniVersion: '1.0.0',
  name: 'cubby',
  plugins: [
    {
      type: 'ptp',
      ipMasq: false,
      ipam: {
        type: 'host-local',
        dataDir: directories.networks,
        ranges: [[{ subnet: inside.podNetwork }]],
        routes: [{ dst: '0.0.0.0/0' }],
      },
    },
  ],
};

function describeKubelet(layout: Layout) {
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: `${pki}/ca.crt` },
    },
    authorization: { mode: 'Webhook' },
    tlsCertFile: `${pki}/kubelet-${layout.nodeAddress}.crt`,
    tlsPrivateKeyFile: `${pki}/kubelet-${layout.nodeAddress}.key`,
    containerRuntimeEndpoint: 'unix:///run/containerd/containerd.sock',
    cgroupDriver: 'cgroupfs',
    cgroupRoot: `/${layout.cgroup}`,
    failCgroupV1: false,
    failSwapOn: false,
    enforceNodeAllocatable: ['pods'],
    oomScoreAdj: 0,
    clusterDNS: [inside.dnsAddress],
    clusterDomain: 'cluster.local',
    resolvConf: '',
    podLogsDir: directories.podLogs,
    volumePluginDir: `${directories.kubelet}/volumeplugins`,
    maxPods: 500,
    kubeAPIQPS: 1000,
    kubeAPIBurst: 2000,
    eventRecordQPS: 0,
    serializeImagePulls: false,
    // Images come from archives and cannot be pulled again, so none may be collected.
    imageGCHighThresholdPercent: 100,
    evictionHard: { 'memory.available': '100Mi', 'nodefs.available': '0%', 'imagefs.available': '0%' },
  };
}

const proxy = {
  apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
  kind: 'KubeProxyConfiguration',
  mode: 'nftables',
  clientConnection: { kubeconfig: `${config}/proxy.kubeconfig` },
  clusterCIDR: inside.podNetwork,
  hostnameOverride: inside.nodeName,
  // These are the host's settings, outside of any namespace.
  conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' },
  nftables: { minSyncPeriod: '100ms' },
};

// No cache: a name that was asked for a moment before its Service existed must not stay unknown.
function renderDns(layout: Layout): string {
  return `.:53 {
  bind ${layout.nodeAddress}
  errors
  kubernetes cluster.local in-addr.arpa {
    kubeconfig ${config}/admin.kubeconfig
    pods insecure
    ttl 5
  }
}
`;
}

function renderJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
