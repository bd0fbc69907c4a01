import { createHash } from 'node:crypto';
import type { KubeClient } from './client.ts';
import { type Clock, systemClock } from './clock.ts';
import { isNamespaceEnding, isNotFound, isTransient } from './errors.ts';
import type { ApiObject } from './object.ts';
import { events } from './resources.ts';

/** `Normal` tells of progress, `Warning` of what somebody should look at. */
export type EventType = 'Normal' | 'Warning';

/** Tells the users of `kubectl describe` what happened to an object. */
export interface EventRecorder {
  /**
   * Tells about an object what `kubectl describe` is to show. Returns at once and never throws. The reason is one
   * CamelCase word. What is told again within ten minutes raises the count of its first event.
   */
  record(about: ApiObject, type: EventType, reason: string, message: string): void;
  /** Waits until what was recorded so far is sent, or given up. */
  flush(): Promise<void>;
}

/** Who records, and through what. */
export interface RecorderOptions {
  client: Pick<KubeClient, 'create' | 'patch'>;
  /** The program, shown in the From column. */
  component: string;
  /** The pod that this runs in. */
  instance?: string | undefined;
  onError?: ((error: unknown) => void) | undefined;
  clock?: Clock | undefined;
}

/** An occurrence that is told of, and how often it was. */
interface Series {
  key: { namespace: string; name: string };
  count: number;
  sentCount: number;
  lastMs: number;
  body: (series: Series) => ApiObject;
}

const seriesMs = 600_000;
/** A flood about one object stops at this many writes; one more is allowed every `refillMs`. As client-go has it, but faster. */
const burst = 25;
const refillMs = 60_000;
const maxSeries = 4096;
const maxMessage = 1024;
const timeoutMs = 10_000;

/** A recorder of core/v1 Events. Writes one at a time, so that a storm of events never crowds out other calls. */
export function createEventRecorder(options: RecorderOptions): EventRecorder {
  const { client, component, instance, onError = () => {}, clock = systemClock } = options;
  /** By content; the first is the one longest untouched. */
  const known = new Map<string, Series>();
  const budgets = new Map<string, { tokens: number; at: number }>();
  const pending = new Set<Series>();
  let sending: Promise<void> = Promise.resolve();
  let busy = false;

  function allow(about: string): boolean {
    const now = clock.monotonic();
    const budget = budgets.get(about) ?? { tokens: burst, at: now };
    budget.tokens = Math.min(burst, budget.tokens + (now - budget.at) / refillMs);
    budget.at = now;
    budgets.delete(about);
    budgets.set(about, budget);
    trim(budgets);
    if (budget.tokens < 1) return false;
    budget.tokens--;
    return true;
  }

  async function send(series: Series): Promise<void> {
    const { key, count, lastMs, sentCount } = series;
    const update = { count, lastTimestamp: new Date(lastMs).toISOString() };
    try {
      if (sentCount > 0) await client.patch(events, key, update, { type: 'merge', timeoutMs });
      else await client.create(events, series.body(series), { timeoutMs });
      series.sentCount = count;
    } catch (error) {
      // The server forgets events after an hour, sooner than a long-lived series.
      if (isNotFound(error)) series.sentCount = 0;
      if (!isTransient(error) && !isNamespaceEnding(error)) onError(error);
    }
  }

  async function drain(): Promise<void> {
    busy = true;
    for (const series of pending) {
      pending.delete(series);
      await send(series);
    }
    busy = false;
  }

  return {
    record(about, type, reason, message) {
      const text = message.length > maxMessage ? `${message.slice(0, maxMessage - 1)}…` : message;
      const { uid = '', name, namespace = 'default' } = about.metadata;
      const content = JSON.stringify([about.kind, namespace, name, uid, type, reason, text]);
      const now = clock.wall();
      const before = known.get(content);
      const old = before && now - before.lastMs < seriesMs ? before : undefined;
      const series = old ?? {
        key: { namespace, name: eventName(name, content, now) },
        count: 0,
        sentCount: 0,
        lastMs: now,
        body: bodyOf(about, type, reason, text, now, component, instance),
      };
      series.count++;
      series.lastMs = now;
      known.delete(content);
      known.set(content, series);
      trim(known);
      if (pending.has(series) || !allow(`${about.kind}/${namespace}/${name}/${uid}`)) return;
      pending.add(series);
      if (!busy) sending = drain();
    },
    flush: () => sending,
  };
}

/** Drops the entries longest untouched. */
function trim(map: Map<string, unknown>): void {
  while (map.size > maxSeries) {
    const [oldest] = map.keys();
    map.delete(oldest as string);
  }
}

/** Unique like client-go's `<object>.<time in hex>`, cut to what a name may be. */
function eventName(object: string, content: string, now: number): string {
  const digest = createHash('sha256').update(content).update(String(now)).digest('hex').slice(0, 16);
  return `${object.slice(0, 200)}.${digest}`;
}

function bodyOf(
  about: ApiObject,
  type: EventType,
  reason: string,
  message: string,
  firstMs: number,
  component: string,
  instance: string | undefined,
): Series['body'] {
  const { name, namespace, uid, resourceVersion } = about.metadata;
  const involvedObject = { apiVersion: about.apiVersion, kind: about.kind, name, namespace, uid, resourceVersion };
  const reporter = { reportingComponent: component, reportingInstance: instance ?? '' };
  const source = { component, host: instance };
  const firstTimestamp = new Date(firstMs).toISOString();
  return ({ key, count, lastMs }) => {
    const times = { firstTimestamp, lastTimestamp: new Date(lastMs).toISOString(), count };
    const what = { involvedObject, type, reason, message, source, ...reporter, ...times };
    return { apiVersion: 'v1', kind: 'Event', metadata: key, ...what } as ApiObject;
  };
}
