import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

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

/**
 * Waits until a redis-server under `everysec` syncs no file. While it does, it answers what it has not written, for up to
 * two seconds (flushAppendOnlyFile in aof.c): what a kill takes then is no promise that was broken.
 */
export async function awaitWritten(pid: number): Promise<void> {
  const isSyncing = () =>
    readdirSync(`/proc/${pid}/task`).some((task) => {
      const [, name = '', state = ''] = /\((.*)\) (\w)/.exec(readText(`/proc/${pid}/task/${task}/stat`)) ?? [];
      return name.startsWith('bio_aof') && state !== 'S';
    });
  const end = performance.now() + 30_000;
  for (let idle = 0; idle < 3; idle = isSyncing() ? 0 : idle + 1) {
    if (performance.now() > end) throw new Error('Redis syncs its log for 30 s: the disk hangs');
    await sleep(10);
  }
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
