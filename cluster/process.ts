import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** A process as recorded on disk: the start time tells it from a later one that was given the same id. */
export interface ProcessRecord {
  pid: number;
  /** Clock ticks after boot, from /proc/<pid>/stat. */
  startTime: number;
}

/** The record of a running process; nothing when it does not exist or is a zombie. Linux only. */
export function inspectProcess(pid: number): ProcessRecord | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // The second field is the name in parentheses and may hold blanks: fields are counted from its end (proc(5)).
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' ? undefined : { pid, startTime: Number(fields[19]) };
}

/** Whether a process of this id runs. */
export function isAlive(pid: number): boolean {
  return inspectProcess(pid) !== undefined;
}

/** Whether the very process that was recorded still runs. */
export function isSame(record: ProcessRecord): boolean {
  return inspectProcess(record.pid)?.startTime === record.startTime;
}

/** Ends a recorded process, first by SIGTERM and after `graceMs` by SIGKILL; resolves once it is gone. */
export async function endProcess(record: ProcessRecord, graceMs: number): Promise<void> {
  const deadline = Date.now() + graceMs;
  if (isSame(record)) process.kill(record.pid, 'SIGTERM');
  while (isSame(record)) {
    if (Date.now() > deadline) process.kill(record.pid, 'SIGKILL');
    await sleep(50);
  }
}
