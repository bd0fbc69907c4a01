import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { findHierarchies } from '../../../cluster/embedded/cgroups.ts';
import type { Layout } from '../../../cluster/embedded/layout.ts';
import { listRecords } from '../../../cluster/embedded/record.ts';

/** What the machine has of one clone's cluster, each thing as a line of text. */
export interface Traces {
  processes: string[];
  /** In whatever mount namespace a process still has. */
  mounts: string[];
  links: string[];
  cgroups: string[];
  records: string[];
}

/** Finds what bears the name of the clone's directory, which must be unlike any other, or the id of its layout. */
export async function findTraces({ clone, id }: Layout): Promise<Traces> {
  const marks = [basename(clone), id];
  const processes = findProcesses(marks);
  const roots = listHierarchies();
  return {
    processes: processes.map(({ pid, command }) => `${pid} ${command}`),
    mounts: [...new Set(processes.flatMap(({ mounts }) => mounts))],
    links: readdirSync('/sys/class/net').filter((name) => name.includes(id)),
    cgroups: roots.flatMap((root) => listDirectories(root).filter((path) => path.includes(id))),
    records: (await listRecords()).filter(({ layout }) => layout.id === id).map(({ layout }) => layout.clone),
  };
}

/** Processes whose command, working directory, control group or mounts bear one of the marks, with those mounts. */
export function findProcesses(marks: readonly string[]): { pid: number; command: string; mounts: string[] }[] {
  const isMarked = (text: string) => marks.some((mark) => text.includes(mark));
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => ({
      pid: Number(pid),
      command: readText(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim(),
      place: readText(`/proc/${pid}/cgroup`) + readLink(`/proc/${pid}/cwd`),
      mounts: readText(`/proc/${pid}/mountinfo`).split('\n').filter(isMarked),
    }))
    .filter(({ command, place, mounts }) => isMarked(command) || isMarked(place) || mounts.length > 0);
}

/**
 * The host's mounts, links, control groups and directories that bear no name of a clone, and the kernel settings that
 * a kubelet or kube-proxy would write: a cluster has no reason to add or change any.
 */
export function describeHost(): Map<string, string> {
  const settings = ['kernel/panic', 'kernel/panic_on_oops', 'vm/overcommit_memory', 'net/ipv4/ip_forward'];
  const things = [
    ...readText('/proc/self/mountinfo')
      .split('\n')
      .map((line) => `mount ${line.split(' ')[4]}`),
    ...readdirSync('/sys/class/net').map((name) => `link ${name}`),
    ...listHierarchies().flatMap((root) => listDirectories(root).map((path) => `control group ${path}`)),
    ...['/tmp/hostpath_pv', '/var/lib/cni', '/var/lib/kubelet'].filter((path) => existsSync(path)),
  ];
  return new Map([
    ...things.filter((thing) => !thing.includes('cubby-')).map((thing) => [thing, 'present'] as const),
    ...settings.map((name) => [name, readText(`/proc/sys/${name}`).trim()] as const),
  ]);
}

function listHierarchies(): string[] {
  return findHierarchies(readText('/proc/self/mountinfo'));
}

function listDirectories(path: string): string[] {
  const entries = readdirSync(path, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(path, name));
}

// A process may end between its being listed and its being looked at.
function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function readLink(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
