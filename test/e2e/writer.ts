import { setTimeout as sleep } from 'node:timers/promises';
import type { Tenant } from './tenant.ts';

/** What happened while a writer wrote. */
export interface WriterReport {
  /** Requests that did not end in 200. */
  failed: number;
  /** Answers other than 200, 503 and 504, and those of the connection itself: nothing that a fault should cause. */
  unexpected: string[];
  /** The longest time between two acknowledged writes, in milliseconds. */
  longestGapMs: number;
}

/** A client that writes one unique value after another until it is stopped. A timed-out write is unknown, not failed. */
export function writer(tenant: Tenant, pauseMs = 5) {
  const acknowledged = new Map<string, string>();
  const report: WriterReport = { failed: 0, unexpected: [], longestGapMs: 0 };
  let stopping = false;
  let lastAcknowledgedAt = performance.now();

  const running = (async () => {
    for (let n = 0; !stopping; n++) {
      const [key, value] = [`write-${n}`, `value-${n}-${Math.random()}`];
      const answer = await tenant.request('PUT', `/infra/kv/${key}`, { value }).catch(() => undefined);
      if (answer?.status === 200) {
        const now = performance.now();
        report.longestGapMs = Math.max(report.longestGapMs, now - lastAcknowledgedAt);
        lastAcknowledgedAt = now;
        acknowledged.set(key, value);
      } else {
        report.failed++;
        if (answer && answer.status !== 503 && answer.status !== 504) report.unexpected.push(answer.text);
      }
      await sleep(pauseMs);
    }
  })();

  return {
    acknowledged,
    report,
    async stop(): Promise<void> {
      stopping = true;
      await running;
    },
  };
}
