import { type Backoff, backoffDelay } from './backoff.ts';
import { type Clock, systemClock } from './clock.ts';

/** Who goes first when workers are scarce: a user's edit, then what was observed, then a periodic look. */
export type Priority = 'edit' | 'change' | 'resync';

/** How a queue measures time and backs off. */
export interface QueueOptions {
  /** Between a key's failures (default 250 ms doubling to 60 s). */
  backoff?: Backoff | undefined;
  clock?: Clock | undefined;
  random?: (() => number) | undefined;
}

/** A key that was taken, and its history. */
export interface Item {
  key: string;
  priority: Priority;
  /** How long the key stood ready, in ms. */
  waitedMs: number;
  /** Failures of this key in a row so far. */
  failures: number;
}

/**
 * Keys with work to do. A key is there once however often it is added, is never handed to two workers, and one added
 * while it is being worked on comes again afterwards.
 */
export interface Queue {
  /** Makes a key ready now, ending whatever delay it was under; a higher priority than before is taken over. */
  add(key: string, priority?: Priority): void;
  /** Makes a key ready in `ms`, unless it becomes so sooner. */
  addAfter(key: string, ms: number, priority?: Priority): void;
  /** The next key, now owned by the caller until `done` or `fail`; undefined when none is ready. */
  take(): Item | undefined;
  /** The work is done and earlier failures forgotten; the key comes again after `againInMs`, or at once if it was added meanwhile. */
  done(key: string, againInMs?: number): void;
  /** The work failed; the key comes again after a growing pause, whose ms are returned. At least `leastMs` are waited. */
  fail(key: string, leastMs?: number): number;
  /** Called whenever a key becomes ready; there is one listener. */
  onReady(listener: () => void): void;
  /** Keys that are ready, being worked on, and under a delay. */
  counts(): { ready: number; running: number; delayed: number };
  /** Cancels every delay and refuses further keys; what is running may still be finished. */
  close(): void;
}

const order: readonly Priority[] = ['edit', 'change', 'resync'];
const higher = (a: Priority, b: Priority): Priority => (order.indexOf(a) <= order.indexOf(b) ? a : b);

interface Delay {
  due: number;
  priority: Priority;
  cancel: () => void;
}

/** An empty queue. */
export function createQueue(options: QueueOptions = {}): Queue {
  const { backoff = { baseMs: 250, maxMs: 60_000 }, clock = systemClock, random = Math.random } = options;
  const ready: Record<Priority, Map<string, number>> = { edit: new Map(), change: new Map(), resync: new Map() };
  /** Keys in work; the priority of those that were added meanwhile. */
  const running = new Map<string, Priority | undefined>();
  const delayed = new Map<string, Delay>();
  const failures = new Map<string, number>();
  let notify = () => {};
  let closed = false;

  function undelay(key: string): void {
    delayed.get(key)?.cancel();
    delayed.delete(key);
  }

  function add(key: string, priority: Priority = 'change'): void {
    if (closed) return;
    if (running.has(key)) {
      const before = running.get(key);
      running.set(key, before ? higher(before, priority) : priority);
      return;
    }
    undelay(key);
    const at = order.find((candidate) => ready[candidate].has(key));
    if (at && higher(at, priority) === at) return;
    const since = at ? ready[at].get(key) : undefined;
    if (at) ready[at].delete(key);
    ready[priority].set(key, since ?? clock.monotonic());
    notify();
  }

  function addAfter(key: string, ms: number, priority: Priority = 'resync'): void {
    if (closed || order.some((candidate) => ready[candidate].has(key))) return;
    const due = clock.monotonic() + ms;
    const before = delayed.get(key);
    if (before && before.due <= due) return;
    before?.cancel();
    const cancel = clock.after(ms, () => {
      delayed.delete(key);
      add(key, priority);
    });
    delayed.set(key, { due, priority, cancel });
  }

  /** Gives the key back; what was added meanwhile overrides any delay, since that run decides anew. */
  function release(key: string, againInMs: number | undefined, priority: Priority): void {
    const dirty = running.get(key);
    running.delete(key);
    if (dirty) add(key, dirty);
    else if (againInMs !== undefined) addAfter(key, againInMs, priority);
  }

  return {
    add,
    addAfter,
    take() {
      for (const priority of order) {
        const [first] = ready[priority];
        if (!first) continue;
        const [key, since] = first;
        ready[priority].delete(key);
        running.set(key, undefined);
        return { key, priority, waitedMs: clock.monotonic() - since, failures: failures.get(key) ?? 0 };
      }
      return undefined;
    },
    done(key, againInMs) {
      failures.delete(key);
      release(key, againInMs, 'resync');
    },
    fail(key, leastMs = 0) {
      const count = (failures.get(key) ?? 0) + 1;
      failures.set(key, count);
      const pause = Math.max(leastMs, backoffDelay(backoff, count, random));
      release(key, pause, 'change');
      return pause;
    },
    onReady(listener) {
      notify = listener;
    },
    counts() {
      const sizes = order.map((priority) => ready[priority].size);
      return { ready: sizes.reduce((a, b) => a + b, 0), running: running.size, delayed: delayed.size };
    },
    close() {
      closed = true;
      for (const key of [...delayed.keys()]) undelay(key);
      for (const priority of order) ready[priority].clear();
    },
  };
}
