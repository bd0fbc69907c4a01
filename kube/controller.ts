import { type Clock, systemClock } from './clock.ts';
import { KubeError } from './errors.ts';
import type { Item, Queue } from './queue.ts';

/** Repeating the work cannot help until something changes: it is not retried, the next trigger starts afresh. */
export class TerminalError extends Error {
  override readonly name = 'TerminalError';
}

/** What a reconcile may ask for: to be run again after so many ms, although nothing changed. */
export interface ReconcileResult {
  requeueAfterMs?: number | undefined;
}

/** Brings one key's world to its desired state; must end soon after the signal aborts. */
export type Reconcile = (key: string, signal: AbortSignal) => Promise<ReconcileResult | undefined>;

/** One finished run, for logs and metrics. */
export interface Run extends Item {
  durationMs: number;
  outcome: 'done' | 'failed' | 'terminal' | 'timeout';
  error?: unknown;
  /** When the key comes again by itself, in ms. */
  againInMs?: number | undefined;
}

/** What a controller works on, and within which bounds. */
export interface ControllerOptions {
  queue: Queue;
  reconcile: Reconcile;
  concurrency?: number | undefined;
  /** The signal of a run aborts after this long (default 60 s). */
  timeoutMs?: number | undefined;
  onRun?: ((run: Run) => void) | undefined;
  clock?: Clock | undefined;
}

/** A running controller. */
export interface Controller {
  /** Takes no more keys, lets what is running finish for `graceMs`, then aborts it and returns. */
  stop(graceMs?: number): Promise<void>;
}

/** How long after its signal aborted a run may go on before its worker is given to another key. */
const stuckAfterMs = 5_000;

/** Works the queue off with up to `concurrency` keys at a time (default 20), from now until stopped. */
export function startController(options: ControllerOptions): Controller {
  const { queue, reconcile, concurrency = 20, timeoutMs = 60_000, onRun = () => {}, clock = systemClock } = options;
  const stopping = new AbortController();
  const aborting = new AbortController();
  const running = new Set<Promise<void>>();
  let workers = 0;

  function fill(): void {
    while (workers < concurrency && !stopping.signal.aborted) {
      const item = queue.take();
      if (!item) return;
      workers++;
      const run = work(item).finally(() => running.delete(run));
      running.add(run);
    }
  }

  async function work(item: Item): Promise<void> {
    const start = clock.monotonic();
    const limit = new AbortController();
    const abort = () => limit.abort(aborting.signal.reason);
    aborting.signal.addEventListener('abort', abort, { once: true });
    let holdsWorker = true;
    const freeWorker = () => {
      if (!holdsWorker) return;
      holdsWorker = false;
      workers--;
      fill();
    };
    // A run that ignores its signal keeps its key, for safety, but not its worker: it must not delay the others.
    let cancel = clock.after(timeoutMs, () => {
      limit.abort(new Error(`the run of ${item.key} exceeded its ${timeoutMs} ms`));
      cancel = clock.after(stuckAfterMs, freeWorker);
    });
    let finish: () => Pick<Run, 'outcome' | 'error' | 'againInMs'>;
    try {
      const result = await reconcile(item.key, limit.signal);
      finish = () => succeed(queue, item.key, result?.requeueAfterMs);
    } catch (error) {
      finish = () => fail(queue, item.key, error, limit.signal.aborted);
    }
    cancel();
    aborting.signal.removeEventListener('abort', abort);
    const durationMs = clock.monotonic() - start;
    onRun({ ...item, durationMs, ...finish() });
    freeWorker();
  }

  queue.onReady(fill);
  fill();
  return {
    async stop(graceMs = 10_000) {
      stopping.abort();
      queue.close();
      const cancel = clock.after(graceMs, () => aborting.abort(new Error('the controller is stopping')));
      const aborted = new Promise<void>((resolve) => {
        aborting.signal.addEventListener('abort', () => clock.after(stuckAfterMs, resolve), { once: true });
      });
      await Promise.race([Promise.all(running), aborted]);
      cancel();
    },
  };
}

function succeed(queue: Queue, key: string, againInMs: number | undefined): Pick<Run, 'outcome' | 'againInMs'> {
  queue.done(key, againInMs);
  return { outcome: 'done', againInMs };
}

function fail(queue: Queue, key: string, error: unknown, late: boolean): Pick<Run, 'outcome' | 'error' | 'againInMs'> {
  if (error instanceof TerminalError) {
    queue.done(key);
    return { outcome: 'terminal', error };
  }
  const asked = error instanceof KubeError ? (error.retryAfterSeconds ?? 0) * 1000 : 0;
  return { outcome: late ? 'timeout' : 'failed', error, againInMs: queue.fail(key, asked) };
}
