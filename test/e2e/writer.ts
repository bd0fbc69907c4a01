import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from './cluster.ts';
import type { Tenant } from './tenant.ts';

/** What happened while a writer wrote. */
export interface WriterReport {
  /** How many requests did not end in 200, by status, or `broken` where the connection was. */
  failures: Record<string, number>;
  /** The longest time between two acknowledged writes, in milliseconds. */
  longestGapMs: number;
}

/** Time between a write's end and the next one's start, in milliseconds. */
const PAUSE_MS = 5;

/** A client that writes one unique value after another until it is stopped. A timed-out write is unknown, not failed. */
export function writer(tenant: Tenant, { prefix = 'write' }: { prefix?: string } = {}) {
  const acknowledged = new Map<string, string>();
  const report: WriterReport = { failures: {}, longestGapMs: 0 };
  let stopping = false;
  let lastAcknowledgedAt = performance.now();

  const running = (async () => {
    for (let n = 0; !stopping; n++) {
      const [key, value] = [`${prefix}-${n}`, `value-${n}-${Math.random()}`];
      const answer = await tenant.request('PUT', `/infra/kv/${key}`, { value }).catch(() => undefined);
      if (answer?.status === 200) {
        const now = performance.now();
        report.longestGapMs = Math.max(report.longestGapMs, now - lastAcknowledgedAt);
        lastAcknowledgedAt = now;
        acknowledged.set(key, value);
      } else {
        const outcome = answer?.status ?? 'broken';
        report.failures[outcome] = (report.failures[outcome] ?? 0) + 1;
      }
      await sleep(PAUSE_MS);
    }
  })();

  return {
    acknowledged,
    report,
    /** Resolves once `count` further writes are acknowledged; rejects where that takes a minute. */
    async more(count: number): Promise<void> {
      const enough = acknowledged.size + count;
      await eventually(`${count} further writes`, 60, async () => acknowledged.size >= enough || undefined);
    },
    async stop(): Promise<void> {
      stopping = true;
      await running;
    },
    /** The acknowledged writes that are not there any more; to be asked after `stop`. */
    async lost(): Promise<string[]> {
      const keys: string[] = [];
      for (const [key, value] of acknowledged) {
        const { status, body } = await tenant.request('GET', `/infra/kv/${key}`);
        if (status !== 200 || body?.value !== value) keys.push(key);
      }
      return keys;
    },
  };
}
