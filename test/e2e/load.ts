import { setTimeout as sleep } from 'node:timers/promises';
import type { Tenant } from './tenant.ts';

/** What a client saw that sends requests at a fixed rate, whatever becomes of those before. */
export interface LoadReport {
  requests: number;
  /** How many did not end in 200, by method and status, for example `PUT 504`. */
  failures: Record<string, number>;
  /** The longest time between two successful answers, in milliseconds. */
  longestGapMs: number;
  /** The longest that a successful answer took, in milliseconds. */
  slowestMs: number;
}

/** Sends a read or a write, in turn, `perSecond` times a second until it is stopped; every write has a key of its own. */
export function load(tenant: Tenant, perSecond: number, prefix = 'load') {
  const acknowledged = new Map<string, string>();
  const report: LoadReport = { requests: 0, failures: {}, longestGapMs: 0, slowestMs: 0 };
  const underWay = new Set<Promise<void>>();
  const start = performance.now();
  let lastAnswerAt = start;
  let stopping = false;

  async function send(n: number): Promise<void> {
    const isWrite = n % 2 === 0;
    const [key, value] = [`${prefix}-${isWrite ? n : 0}`, `value-${n}`];
    const sentAt = performance.now();
    const call = isWrite
      ? tenant.request('PUT', `/infra/kv/${key}`, { value })
      : tenant.request('GET', `/infra/kv/${key}`);
    const answer = await call.catch(() => undefined);
    const now = performance.now();
    if (answer?.status === 200) {
      report.longestGapMs = Math.max(report.longestGapMs, now - lastAnswerAt);
      report.slowestMs = Math.max(report.slowestMs, now - sentAt);
      lastAnswerAt = now;
      if (isWrite) acknowledged.set(key, value);
    } else {
      const outcome = `${isWrite ? 'PUT' : 'GET'} ${answer?.status ?? 'broken'}`;
      report.failures[outcome] = (report.failures[outcome] ?? 0) + 1;
    }
  }

  const running = (async () => {
    await send(0); // what is read from then on
    for (let n = 1; !stopping; n++) {
      const request = send(n).finally(() => underWay.delete(request));
      underWay.add(request);
      await sleep(Math.max(0, start + (n * 1000) / perSecond - performance.now()));
      report.requests = n;
    }
    await Promise.all(underWay);
  })();

  return {
    report,
    /** Resolves with the writes that were acknowledged and are not there any more. */
    async stop(): Promise<string[]> {
      stopping = true;
      await running;
      return findLost(tenant, acknowledged);
    },
  };
}

/** Keys of the written values, by key, that are not there any more. */
export async function findLost(tenant: Tenant, written: ReadonlyMap<string, string>): Promise<string[]> {
  const lost: string[] = [];
  for (const [key, value] of written) {
    const { status, body } = await tenant.request('GET', `/infra/kv/${key}`);
    if (status !== 200 || body?.value !== value) lost.push(key);
  }
  return lost;
}
