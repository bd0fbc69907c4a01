import { setTimeout as sleep } from 'node:timers/promises';
import { slotOf } from '../../dataplane/store/cluster/slot.ts';
import { findLost, type LoadReport } from './load.ts';
import type { Tenant } from './tenant.ts';

const SLOTS = 16_384;

/** The ordinal of the shard that a key is at in a store that was made with so many and never grew. */
export function shardOf(key: string, shards: number): number {
  return Math.floor((slotOf(key) * shards) / SLOTS);
}

/** A key of that shard which begins so; the same for the same arguments. */
export function keyAt(shard: number, shards: number, prefix: string): string {
  for (let i = 0; ; i++) {
    const key = `${prefix}.${i}`;
    if (shardOf(key, shards) === shard) return key;
  }
}

/**
 * Sends a read or a write, in turn, `perSecond` times a second to one shard after the other, whatever becomes of those
 * before; every write has a key of its own. What was seen is told for each shard by itself.
 */
export function loadShards(tenant: Tenant, shards: number, perSecond: number, prefix: string) {
  const reports = Array.from({ length: shards }, (): LoadReport => {
    return { requests: 0, failures: {}, longestGapMs: 0, slowestMs: 0 };
  });
  const acknowledged = new Map<string, string>();
  const underWay = new Set<Promise<void>>();
  const start = performance.now();
  const answeredAt = new Array<number>(shards).fill(start);
  let stopping = false;

  async function send(n: number): Promise<void> {
    const shard = n % shards;
    const report = reports[shard] as LoadReport;
    const isWrite = Math.floor(n / shards) % 2 === 0;
    const key = keyAt(shard, shards, isWrite ? `${prefix}-${n}` : prefix);
    const sentAt = performance.now();
    report.requests++;
    const path = `/infra/kv/${key}`;
    const call = isWrite ? tenant.request('PUT', path, { value: key }) : tenant.request('GET', path);
    const answer = await call.catch(() => undefined);
    const now = performance.now();
    if (answer?.status === 200 || (!isWrite && answer?.status === 404)) {
      report.longestGapMs = Math.max(report.longestGapMs, now - (answeredAt[shard] ?? start));
      report.slowestMs = Math.max(report.slowestMs, now - sentAt);
      answeredAt[shard] = now;
      if (isWrite) acknowledged.set(key, key);
    } else {
      const outcome = `${isWrite ? 'PUT' : 'GET'} ${answer?.status ?? 'broken'}`;
      report.failures[outcome] = (report.failures[outcome] ?? 0) + 1;
    }
  }

  const running = (async () => {
    for (let n = 0; !stopping; n++) {
      const request = send(n).finally(() => underWay.delete(request));
      underWay.add(request);
      await sleep(Math.max(0, start + (n * 1000) / perSecond - performance.now()));
    }
    await Promise.all(underWay);
  })();

  return {
    /** By ordinal of the shard. */
    reports,
    /** Resolves with the writes that were acknowledged and are not there any more. */
    async stop(): Promise<string[]> {
      stopping = true;
      await running;
      return findLost(tenant, acknowledged);
    },
  };
}
