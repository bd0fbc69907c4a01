/** Time as the runtime sees it, injected so that tests own it. */
export interface Clock {
  /** The wall clock in ms since 1970: for what others read, never for measuring. */
  wall(): number;
  /** A clock in ms that never jumps: for intervals. */
  monotonic(): number;
  /** Runs once after `ms`, or earlier for more than 24 days; the answer cancels it. */
  after(ms: number, run: () => void): () => void;
}

/** A longer delay overflows Node's 32-bit timers, which then fire at once. */
const longestTimerMs = 2 ** 31 - 1;

/** The machine's own time. */
export const systemClock: Clock = {
  wall: () => Date.now(),
  monotonic: () => performance.now(),
  after: (ms, run) => {
    const timer = setTimeout(run, Math.min(ms, longestTimerMs));
    return () => clearTimeout(timer);
  },
};

/** Waits `ms`, or less where the signal aborts; never rejects, so the caller looks at the signal. */
export function sleep(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const wake = () => {
      cancel();
      signal.removeEventListener('abort', wake);
      resolve();
    };
    const cancel = clock.after(ms, wake);
    signal.addEventListener('abort', wake);
  });
}
