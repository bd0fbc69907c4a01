/** What bounds a call: a time, and the caller's signals. */
export interface Limit {
  /** Aborts when the time is over or one of the signals says so. */
  readonly signal: AbortSignal;
  /** Whether it was the time. */
  expired(): boolean;
  /** Milliseconds that are left. */
  left(): number;
  /** That promise, or a rejection as soon as the limit is met, also where what is waited for pays no heed to a signal. */
  race<T>(work: Promise<T>): Promise<T>;
  /** Resolves after that time; rejects as soon as the limit is met. */
  sleep(ms: number): Promise<void>;
  /** Lets go of timer and signals. */
  end(): void;
}

/** The longest delay of a timer. */
const LONGEST_MS = 2 ** 31 - 1;

/** Starts the time; `ms` beyond what a timer can hold is no limit. AbortSignal.any would do, but Node 18 lacks it. */
export function startLimit(ms: number, signals: readonly (AbortSignal | undefined)[]): Limit {
  const controller = new AbortController();
  const { signal } = controller;
  const given = signals.filter((each) => each !== undefined);
  const abort = () => controller.abort(given.find((each) => each.aborted)?.reason);
  for (const each of given) each.addEventListener('abort', abort);
  if (given.some((each) => each.aborted)) abort();

  let expired = false;
  const expire = () => {
    expired = !signal.aborted;
    controller.abort();
  };
  const end = Date.now() + ms;
  const timer = ms <= LONGEST_MS ? setTimeout(expire, ms) : undefined;

  return {
    signal,
    expired: () => expired,
    left: () => end - Date.now(),
    race: (work) => whileRunning(signal, (resolve, reject) => work.then(resolve, reject)),
    async sleep(duration) {
      let pause: ReturnType<typeof setTimeout> | undefined;
      try {
        await whileRunning<void>(signal, (resolve) => {
          pause = setTimeout(resolve, duration);
        });
      } finally {
        clearTimeout(pause);
      }
    },
    end() {
      clearTimeout(timer);
      for (const each of given) each.removeEventListener('abort', abort);
    },
  };
}

/** A promise that rejects with the signal's reason when that aborts, and leaves no listener behind. */
async function whileRunning<T>(
  signal: AbortSignal,
  start: (resolve: (value: T) => void, reject: (reason: unknown) => void) => void,
): Promise<T> {
  let stop = () => {};
  try {
    return await new Promise<T>((resolve, reject) => {
      stop = () => reject(signal.reason);
      if (signal.aborted) stop();
      else signal.addEventListener('abort', stop);
      start(resolve, reject);
    });
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
