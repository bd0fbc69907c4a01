import { setTimeout as sleep } from 'node:timers/promises';
import { outcomeOf } from '../../test/durability/history.ts';
import { type Load, startLoad } from '../../test/durability/load.ts';
import { findInPod } from '../../test/durability/processes.ts';
import type { Tenant } from '../../test/e2e/tenant.ts';
import { formatSpread, spreadOf } from '../spread.ts';
import { type Round, report, runRound } from './rounds.ts';
import { podsOf, whole, withTenant } from './stores.ts';

const ROUNDS = 5;
/** By when every replica has told the ledger what it charged. */
const SETTLED_MS = 3000;

/**
 * Kills the process of one of two data-plane pods under the load of a metered store, and compares the writes that were
 * charged with those that the client knows of.
 */
export async function benchUsage(): Promise<void> {
  await withTenant('usage', { limits: { tokensPerMonth: '1000' } }, async (tenant) => {
    const rounds: Round[] = [];
    /** How many seconds' worth of the client's writes were not charged. */
    const missing: number[] = [];
    for (let n = 0; n < ROUNDS; n++) {
      console.log(`usage: round ${n + 1} of ${ROUNDS}`);
      const before = await chargedWrites(tenant);
      const started = performance.now();
      const load = startLoad(tenant, { prefix: `usage-${n}` });
      rounds.push(await runRound(load, killDataPlane));
      const seconds = (performance.now() - started) / 1000;
      await sleep(SETTLED_MS);
      const charged = (await chargedWrites(tenant)) - before;
      const { done, possible } = writesOf(load);
      missing.push((done - charged) / (done / seconds));
      console.log(`  ${done} writes that cost were acknowledged, ${possible} unknown, ${charged} charged`);
      if (charged > done + possible) {
        console.log('  BROKEN PROMISE: something was charged twice');
        process.exitCode = 1;
      }
    }
    report({ name: 'one of two data planes killed', promised: true, rounds });
    console.log(formatSpread('  not charged (seconds of traffic)', spreadOf(missing)));
  });
}

async function killDataPlane(): Promise<void> {
  const [pod] = await podsOf('dataplane');
  const [pid] = pod ? findInPod(pod.uid, 'node') : [];
  if (pid === undefined) throw new Error('no data plane is on this machine: use the embedded cluster');
  process.kill(pid, 'SIGKILL');
  // The Deployment notices only a while later that it lacks one.
  await sleep(1000);
  await whole('dataplane');
}

/** Sets, deletes and increments that the project was charged for in this month. */
async function chargedWrites(tenant: Tenant): Promise<number> {
  const { status, body } = await tenant.request('GET', '/api/kv/usage');
  if (status !== 200) throw new Error(`the usage cannot be read: ${status}; is the ledger up?`);
  const { set, delete: removed, increment } = body.operations;
  return set.count + removed.count + increment.count;
}

/** Writes of a load that cost, and those that may have: a delete that found nothing is free (docs/api.md). */
function writesOf({ history }: Load): { done: number; possible: number } {
  const count = (outcome: string) =>
    history.filter((operation) => operation.answer !== 404 && outcomeOf(operation) === outcome).length;
  return { done: count('acknowledged'), possible: count('unknown') };
}
