import { readFileSync } from 'node:fs';

/** USER_HZ, which the kernel's interface fixes at 100 whatever its own tick is (proc(5)). */
const TICKS_PER_SECOND = 100;

/** Seconds of CPU, user and system, that all threads of a process have used so far. Linux only. */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The second field is the name in parentheses and may hold blanks: fields are counted from its end (proc(5)).
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}
