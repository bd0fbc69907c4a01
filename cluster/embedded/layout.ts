import { createHash } from 'node:crypto';
import { join } from 'node:path';

/**
 * Everything about one clone's cluster that follows from the clone's path: names on the host, addresses and
 * directories. The same path gives the same layout, so that a later start finds what an earlier one left.
 */
export interface Layout {
  /** Eight hexadecimal digits of the clone path's hash. */
  id: string;
  clone: string;
  /** The host's end of the veth pair; at most 15 characters. */
  interface: string;
  /** Name of the control group of all pods, below each hierarchy's root. */
  cgroup: string;
  hostAddress: string;
  nodeAddress: string;
  /** What the host routes to the node: a /30 that holds the two addresses. */
  subnet: string;
  /** Preferred port of 127.0.0.1 for the data plane. */
  port: number;
}

/** Addresses that no two clones share by a route: the 16,384 subnets /30 of this network are chosen from. */
const nodeNetwork = { first: 10, second: 213, subnets: 16_384 };

/** Addresses inside the cluster's own network namespace; every clone has the same. */
export const inside = {
  nodeName: 'cubby',
  podNetwork: '10.244.0.0/16',
  serviceNetwork: '10.96.0.0/16',
  apiServiceAddress: '10.96.0.1',
  dnsAddress: '10.96.0.10',
  apiPort: 6443,
} as const;

/** Directories as the cluster's processes see them: short, because the path of a Unix socket must stay below 108 bytes. */
export const directories = {
  state: '/run/cubby',
  pki: '/run/cubby/pki',
  config: '/run/cubby/config',
  etcd: '/run/cubby/etcd',
  kubelet: '/run/cubby/kubelet',
  containerd: '/run/cubby/containerd',
  /** Where the controller manager's host-path provisioner puts volumes; the path is fixed in its code. */
  volumes: '/tmp/hostpath_pv',
  networks: '/run/cubby/networks',
  podLogs: '/run/cubby/pods',
} as const;

/** Those of `directories` that outlive a stop, as names below the clone's state directory. */
export const persistentDirectories = ['pki', 'config', 'etcd', 'kubelet', 'containerd', 'volumes', 'podLogs'] as const;

/** Derives the layout of the clone at `clone`, avoiding the subnets that the host already routes (CIDR notation). */
export function deriveLayout(clone: string, routed: readonly string[]): Layout {
  const hash = createHash('sha256').update(clone).digest();
  const start = hash.readUInt16BE(0) % nodeNetwork.subnets;
  const subnet = Array.from({ length: nodeNetwork.subnets }, (_, step) => (start + step) % nodeNetwork.subnets)
    .map(describeSubnet)
    .find((candidate) => !routed.some((other) => overlaps(candidate, other)));
  if (!subnet)
    throw new Error('every subnet of 10.213.0.0/16 is routed on this machine: name a cluster with --kubeconfig');
  const base = toNumber(subnet);
  const id = hash.toString('hex').slice(0, 8);
  return {
    id,
    clone,
    interface: `cubby-${id}`,
    cgroup: `cubby-${id}`,
    hostAddress: toAddress(base + 1),
    nodeAddress: toAddress(base + 2),
    subnet,
    port: 20_000 + (hash.readUInt16BE(2) % 10_000),
  };
}

/** Where on the host the clone keeps a persistent directory. */
export function hostDirectory(stateDirectory: string, name: (typeof persistentDirectories)[number]): string {
  return join(stateDirectory, 'data', name);
}

/** Whether two IPv4 networks in CIDR notation (a bare address counts as /32) have an address in common. */
export function overlaps(one: string, other: string): boolean {
  const shared = Math.min(prefixLength(one), prefixLength(other));
  const size = 2 ** (32 - shared);
  return Math.floor(toNumber(one) / size) === Math.floor(toNumber(other) / size);
}

function describeSubnet(index: number): string {
  return `${nodeNetwork.first}.${nodeNetwork.second}.${index >> 6}.${(index & 63) << 2}/30`;
}

function prefixLength(network: string): number {
  return Number(network.split('/')[1] ?? 32);
}

function toNumber(network: string): number {
  const address = network.split('/')[0] ?? '';
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}

function toAddress(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');
}
