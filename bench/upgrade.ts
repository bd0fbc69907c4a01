import { setTimeout as sleep } from 'node:timers/promises';
import { apply, eventually, kubectl, read } from '../test/e2e/cluster.ts';
import { load } from '../test/e2e/load.ts';
import { createTenant, store } from '../test/e2e/tenant.ts';
import { formatSpread, spreadOf } from './spread.ts';

const RUNS = 10;
const PER_SECOND = 100;
/** Time under load before the upgrade and after it, in ms. */
const AROUND_MS = 2_000;

/**
 * RUNS upgrades of a store from Redis 7.0 to 8.0 under a client of 100 requests a second, every second one a write: the
 * longest time between two answers, the slowest answer, what failed, and what was lost.
 */
export async function benchUpgrade(): Promise<void> {
  const gaps: number[] = [];
  const slowest: number[] = [];
  const failures: Record<string, number> = {};
  let [requests, lost, flawless] = [0, 0, 0];
  for (let run = 0; run < RUNS; run++) {
    const cleanups: (() => unknown)[] = [];
    const namespace = `bench-upgrade-${run}`;
    const tenant = await createTenant({ after: (work) => void cleanups.push(work as () => unknown) }, namespace);
    try {
      const client = load(tenant, PER_SECOND);
      await sleep(AROUND_MS);
      await apply(store(namespace, { version: '8.0' }));
      await eventually('Redis 8.0 serves', 120, async () => {
        const { status } = await read('kvstore', namespace, 'main');
        return (status.version.startsWith('8.0') && status.phase === 'Ready') || undefined;
      });
      await sleep(AROUND_MS);
      lost += (await client.stop()).length;
      const { report } = client;
      console.log(`  run ${run + 1} of ${RUNS}: ${JSON.stringify(report)}`);
      gaps.push(report.longestGapMs);
      slowest.push(report.slowestMs);
      requests += report.requests;
      if (Object.keys(report.failures).length === 0) flawless++;
      for (const [outcome, count] of Object.entries(report.failures))
        failures[outcome] = (failures[outcome] ?? 0) + count;
    } finally {
      for (const work of cleanups) await work();
    }
    await kubectl('wait', '--for=delete', `namespace/${namespace}`, '--timeout=120s');
  }
  console.log(formatSpread('longest time between two answers (ms)', spreadOf(gaps), 0));
  console.log(formatSpread('slowest answer (ms)', spreadOf(slowest), 0));
  console.log(`  ${requests} requests; failed: ${JSON.stringify(failures)}; acknowledged writes lost: ${lost}`);
  console.log(`  upgrades without a failed request: ${flawless} of ${RUNS}`);
}
