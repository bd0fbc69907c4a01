import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';

/** The ids of this machine's processes of that name in a pod of a cluster on it; none where that is elsewhere. */
export function findInPod(uid: string, name: string): number[] {
  // The systemd driver of control groups writes underscores.
  const groups = [`pod${uid}`, `pod${uid.replaceAll('-', '_')}`];
  return findNamed(name).filter((pid) => {
    const text = readText(`/proc/${pid}/cgroup`);
    return groups.some((group) => text.includes(group));
  });
}

/** The ids of the processes of that name in the process namespace of another, and not in one below it. */
export function findBeside(pid: number, name: string): number[] {
  const namespace = namespaceOf(pid);
  return findNamed(name).filter((other) => namespaceOf(other) === namespace);
}

/** By the first word of the command line: what the kernel calls a process is only its main thread's name. */
function findNamed(name: string): number[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter((pid) => basename(readText(`/proc/${pid}/cmdline`).split(/[\0 ]/)[0] ?? '') === name);
}

function namespaceOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`);
  } catch {
    return undefined; // it has ended
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // it has ended
  }
}
