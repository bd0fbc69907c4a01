import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../../../kube/clock.ts';

/** A clock that stands still until it is advanced. */
export interface FakeClock extends Clock {
  /** Lets time pass, running what falls due in order, and lets promises settle in between. */
  advance(ms: number): Promise<void>;
  /** Lets time pass as for a process that is suspended: no timer runs. */
  jump(ms: number): void;
  /** Timers that are set. */
  pending(): number;
}

/** Lets everything run that waits for no timer. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await setImmediate();
}

export function createFakeClock(wallStart = Date.UTC(2030, 0, 1)): FakeClock {
  let now = 0;
  const timers = new Set<{ due: number; run: () => void }>();
  return {
    wall: () => wallStart + now,
    monotonic: () => now,
    after(ms, run) {
      const timer = { due: now + ms, run };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    async advance(ms) {
      const end = now + ms;
      await settle();
      for (;;) {
        const [next] = [...timers].filter(({ due }) => due <= end).sort((a, b) => a.due - b.due);
        if (!next) break;
        timers.delete(next);
        now = Math.max(now, next.due);
        next.run();
        await settle();
      }
      now = end;
    },
    jump(ms) {
      now += ms;
    },
    pending: () => timers.size,
  };
}
