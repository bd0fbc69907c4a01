import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { run } from '../command.ts';
import { directories, hostDirectory, inside, type Layout, persistentDirectories } from './layout.ts';

/** The cluster's namespaces, held by one process that also reaps what its programs leave. */
export interface Namespaces {
  /** The host's id of the first process in the new process namespace. */
  holderPid: number;
  /** Resolves when the namespaces are gone. */
  ended: Promise<void>;
}

const HOLDER_MS = 5_000;

/**
 * What the kubelet demands of the kernel (setupKernelTunables in its container manager). These settings are the whole
 * host's, so inside they are covered by files that already say what the kubelet would write.
 */
const kernelSettings: Readonly<Record<string, string>> = {
  'kernel/keys/root_maxbytes': '25000000',
  'kernel/keys/root_maxkeys': '1000000',
  'kernel/panic': '10',
  'kernel/panic_on_oops': '1',
  'vm/overcommit_memory': '1',
  'vm/panic_on_oom': '0',
};

/**
 * Makes network, mount and process namespaces that live as long as the calling process at most: the kernel kills the
 * holder with its parent, and everything in a process namespace with its first process.
 */
export async function createNamespaces(): Promise<Namespaces> {
  const unshare = spawn(
    'setpriv',
    [
      ...['--pdeathsig=KILL', '--', 'unshare', '--net', '--mount', '--propagation', 'private', '--pid'],
      ...['--fork', '--kill-child=KILL', '--mount-proc', '--', 'tini', '--', 'sleep', 'infinity'],
    ],
    { stdio: ['ignore', 'inherit', 'inherit'] },
  );
  const ended = new Promise<void>((resolve) => unshare.once('close', () => resolve()));
  return { holderPid: await findHolder(unshare), ended };
}

async function findHolder(unshare: ChildProcess): Promise<number> {
  const deadline = Date.now() + HOLDER_MS;
  while (Date.now() < deadline && unshare.exitCode === null) {
    const children = readText(`/proc/${unshare.pid}/task/${unshare.pid}/children`).trim();
    // By the time it has become tini, the new /proc is mounted.
    if (children && readText(`/proc/${children}/comm`).trim() === 'tini') return Number(children);
    await sleep(10);
  }
  throw new Error('no namespaces could be made: this needs root with CAP_SYS_ADMIN; name a cluster with --kubeconfig');
}

/** The command that runs `command` inside; `ip netns exec` would hide /sys/fs/cgroup from it. */
export function enter(holderPid: number, command: string, args: readonly string[]): [string, string[]] {
  return ['nsenter', ['--target', String(holderPid), '--net', '--mount', '--pid', '--', command, ...args]];
}

/**
 * Gives the mount namespace a /run of its own with the cluster's directories, and a /tmp and a /var that keep what is
 * written from the host.
 */
export async function prepareMounts(holderPid: number, stateDirectory: string): Promise<void> {
  const run = join(stateDirectory, 'run');
  mkdirSync(run, { recursive: true, mode: 0o700 });
  const binds = persistentDirectories.flatMap((name) => {
    const from = hostDirectory(stateDirectory, name);
    mkdirSync(from, { recursive: true, mode: 0o700 });
    return bind(from, join(run, 'cubby', name));
  });
  const settings = Object.entries(kernelSettings).flatMap(([path, value]) => {
    const file = `/run/sys/${path.replaceAll('/', '.')}`;
    return [
      ['sh', '-c', 'echo "$1" > "$2"', 'sh', value, file],
      ['mount', '--bind', file, `/proc/sys/${path}`],
    ];
  });
  await script(holderPid, [
    ['mount', '-t', 'tmpfs', '-o', 'mode=755', 'tmpfs', run],
    ...binds,
    // From here on, paths of the host may be covered.
    ['mount', '--rbind', run, '/run'],
    ...['/tmp', '/var'].flatMap(coverByOverlay),
    ['chown', '999:999', '/run/cubby/volumes'],
    ...bind('/run/cubby/volumes', directories.volumes),
    ['mkdir', '/run/sys'],
    ...settings,
    // Pods may ask for mounts that propagate; they do so among themselves only.
    ['mount', '--make-rshared', '/'],
  ]);
}

function bind(from: string, to: string): string[][] {
  return [
    ['mkdir', '-p', to],
    ['mount', '--bind', from, to],
  ];
}

/** Lets a directory's content be seen, and keeps in memory what is written to it. */
function coverByOverlay(path: string): string[][] {
  const own = `/run/overlay${path}`;
  const options = `lowerdir=${path},upperdir=${own}/upper,workdir=${own}/work`;
  return [
    ['mkdir', '-p', `${own}/upper`, `${own}/work`],
    ['chmod', `--reference=${path}`, `${own}/upper`],
    ['mount', '-t', 'overlay', '-o', options, 'overlay', path],
  ];
}

/** Connects the network namespace to the host by a veth pair; nothing beyond the host is reachable from inside. */
export async function prepareNetwork(holderPid: number, layout: Layout): Promise<void> {
  const { interface: name, hostAddress, nodeAddress } = layout;
  await run('ip', ['link', 'add', name, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', String(holderPid)]);
  await run('ip', ['address', 'add', `${hostAddress}/30`, 'dev', name]);
  await run('ip', ['link', 'set', name, 'up']);
  await script(holderPid, [
    ['ip', 'link', 'set', 'lo', 'up'],
    ['ip', 'address', 'add', `${nodeAddress}/30`, 'dev', 'eth0'],
    ['ip', 'link', 'set', 'eth0', 'up'],
    // The kernel wants a route before kube-proxy's rules can rewrite an address.
    ['ip', 'route', 'add', inside.serviceNetwork, 'dev', 'eth0'],
    ['sysctl', '--quiet', '--write', 'net.ipv4.ip_forward=1'],
  ]);
}

async function script(holderPid: number, commands: readonly (readonly string[])[]): Promise<void> {
  for (const [command = '', ...args] of commands) await run(...enter(holderPid, command, args));
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
