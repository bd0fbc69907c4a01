import { setTimeout as sleep } from 'node:timers/promises';

/** Waits until the condition holds; fails with `what` after `limitMs`. Returns how long it took, in ms. */
export async function eventually(what: string, limitMs: number, holds: () => unknown): Promise<number> {
  const start = performance.now();
  while (!(await holds())) {
    if (performance.now() - start > limitMs) throw new Error(`not within ${limitMs} ms: ${what}`);
    await sleep(5);
  }
  return performance.now() - start;
}
