import { startLoad } from '../../test/durability/load.ts';
import { kubectl } from '../../test/e2e/cluster.ts';
import { type Round, report, runRound } from './rounds.ts';
import { FORCE, podsOf, whole, withTenant } from './stores.ts';

const faults = [
  { name: 'one of two data-plane pods deleted by force', component: 'dataplane', count: 1 },
  { name: 'both operator pods deleted by force', component: 'operator', count: 2 },
] as const;

/** Deletes pods of Cubby itself by force under load, `kills` times each. */
export async function benchPods(kills: number): Promise<void> {
  await withTenant('pods', {}, async (tenant) => {
    for (const { name, component, count } of faults) {
      const rounds: Round[] = [];
      for (let n = 0; n < kills; n++) {
        console.log(`${name}: round ${n + 1} of ${kills}`);
        const load = startLoad(tenant, { prefix: `${component}-${n}` });
        rounds.push(await runRound(load, () => deletePods(component, count)));
      }
      report({ name, promised: true, rounds });
    }
  });
}

/** Deletes that many pods of a part of Cubby by force, and resolves once it is whole again. */
export async function deletePods(component: string, count: number): Promise<void> {
  const chosen = (await podsOf(component)).slice(0, count).map(({ name }) => name);
  await kubectl('delete', 'pod', ...chosen, '-n', 'cubby-system', '--wait=false', ...FORCE);
  await whole(component);
}
