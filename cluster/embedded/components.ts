import type { BinaryName } from '../binaries.ts';
import { directories, inside, type Layout } from './layout.ts';

/** A program of the cluster, run inside its namespaces and started again when it ends. */
export interface Component {
  name: string;
  command: string;
  args: readonly string[];
}

/** The programs that are built; the container runtime is Debian's. */
export const componentBinaries = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-proxy',
  'kube-scheduler',
  'kubelet',
  'coredns',
] as const satisfies readonly BinaryName[];

type Binaries = Record<(typeof componentBinaries)[number], string>;

const { config, pki } = directories;

/** What can start at once; the rest waits until the API server is ready. */
export function listBaseComponents(layout: Layout, binaries: Binaries): Component[] {
  return [
    { name: 'etcd', command: binaries.etcd, args: etcdArguments },
    { name: 'containerd', command: 'containerd', args: ['--config', `${config}/containerd.toml`] },
    { name: 'kube-apiserver', command: binaries['kube-apiserver'], args: apiServerArguments(layout) },
  ];
}

/** The clients of the API server. */
export function listClientComponents(layout: Layout, binaries: Binaries): Component[] {
  return [
    {
      name: 'kube-controller-manager',
      command: 'setpriv',
      args: [...volumeOwner, binaries['kube-controller-manager'], ...controllerArguments],
    },
    { name: 'kube-scheduler', command: binaries['kube-scheduler'], args: schedulerArguments },
    { name: 'kubelet', command: binaries.kubelet, args: kubeletArguments(layout) },
    { name: 'kube-proxy', command: binaries['kube-proxy'], args: ['--config', `${config}/kube-proxy.json`] },
    { name: 'coredns', command: binaries.coredns, args: ['-conf', `${config}/Corefile`] },
  ];
}

const etcdArguments = [
  `--data-dir=${directories.etcd}`,
  '--listen-client-urls=http://127.0.0.1:2379',
  '--advertise-client-urls=http://127.0.0.1:2379',
  '--listen-peer-urls=http://127.0.0.1:2380',
  '--initial-advertise-peer-urls=http://127.0.0.1:2380',
  '--initial-cluster=default=http://127.0.0.1:2380',
  '--auto-compaction-retention=10m',
  // What a crash of the machine could lose is a development cluster's.
  '--unsafe-no-fsync',
  '--log-level=warn',
];

function apiServerArguments({ nodeAddress }: Layout): string[] {
  return [
    '--etcd-servers=http://127.0.0.1:2379',
    `--advertise-address=${nodeAddress}`,
    `--secure-port=${inside.apiPort}`,
    `--tls-cert-file=${pki}/apiserver-${nodeAddress}.crt`,
    `--tls-private-key-file=${pki}/apiserver-${nodeAddress}.key`,
    `--client-ca-file=${pki}/ca.crt`,
    `--kubelet-certificate-authority=${pki}/ca.crt`,
    `--kubelet-client-certificate=${pki}/apiserver-kubelet-client.crt`,
    `--kubelet-client-key=${pki}/apiserver-kubelet-client.key`,
    // The node's name is in no DNS that the API server asks.
    '--kubelet-preferred-address-types=InternalIP',
    '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
    `--service-account-key-file=${pki}/service-accounts.key`,
    `--service-account-signing-key-file=${pki}/service-accounts.key`,
    `--service-cluster-ip-range=${inside.serviceNetwork}`,
    '--authorization-mode=Node,RBAC',
    '--enable-admission-plugins=NodeRestriction',
    '--allow-privileged=true',
  ];
}

const fastClient = ['--kube-api-qps=1000', '--kube-api-burst=2000', '--leader-elect=false'];

// The controller manager's own provisioner, which local-up-cluster.sh of Kubernetes uses too, makes a volume's directory
// with the mode 0750 and knows no fsGroup: so it runs as the user of the stores' pods. The capability lets it read its
// keys, and remove what pods of other users wrote.
const volumeOwner = [
  ...['--reuid=999', '--regid=999', '--clear-groups'],
  ...['--inh-caps=+dac_override', '--ambient-caps=+dac_override', '--'],
];

const controllerArguments = [
  `--kubeconfig=${config}/controller-manager.kubeconfig`,
  `--service-account-private-key-file=${pki}/service-accounts.key`,
  `--root-ca-file=${pki}/ca.crt`,
  `--cluster-signing-cert-file=${pki}/ca.crt`,
  `--cluster-signing-key-file=${pki}/ca.key`,
  '--use-service-account-credentials=true',
  '--concurrent-statefulset-syncs=20',
  '--enable-hostpath-provisioner=true',
  ...fastClient,
];

const schedulerArguments = [`--kubeconfig=${config}/scheduler.kubeconfig`, ...fastClient];

function kubeletArguments({ nodeAddress }: Layout): string[] {
  return [
    `--config=${config}/kubelet.json`,
    `--kubeconfig=${config}/node.kubeconfig`,
    `--hostname-override=${inside.nodeName}`,
    `--node-ip=${nodeAddress}`,
    `--root-dir=${directories.kubelet}`,
  ];
}
