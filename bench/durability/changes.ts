import { startLoad } from '../../test/durability/load.ts';
import { apply, eventually, read } from '../../test/e2e/cluster.ts';
import { store, type Tenant } from '../../test/e2e/tenant.ts';
import { killRedis } from './kills.ts';
import { report, runRound, TRAFFIC } from './rounds.ts';
import { podUid, withTenant } from './stores.ts';

const CHANGE_SECONDS = 120;

const always = { mode: 'aof', fsync: 'always' };

/** What is changed in turn, each on top of those before; whether Redis may be killed then without a loss. */
const changes: readonly { name: string; spec: Record<string, unknown>; survivesKill: boolean }[] = [
  { name: 'memory raised', spec: { memory: '64Mi' }, survivesKill: true },
  { name: 'memory lowered', spec: { memory: '40Mi' }, survivesKill: true },
  { name: 'fsync everysec to always', spec: { persistence: always }, survivesKill: true },
  { name: 'aof to rdb', spec: { persistence: { mode: 'rdb' } }, survivesKill: false },
  { name: 'rdb to aof', spec: { persistence: { mode: 'aof' } }, survivesKill: true },
  { name: 'version 7.0 to 8.0', spec: { version: '8.0' }, survivesKill: true },
  { name: 'hibernated and woken', spec: { enabled: true }, survivesKill: true },
];

/** Changes the spec of a store under load; once the change is in force, Redis is killed where the setting bears it. */
export async function benchChanges(): Promise<void> {
  await withTenant('changes', {}, async (tenant) => {
    let spec: Record<string, unknown> = {};
    for (const { name, spec: changed, survivesKill } of changes) {
      spec = { ...spec, ...changed };
      const load = startLoad(tenant, { prefix: name.replaceAll(' ', '-') });
      const round = await runRound(load, async () => {
        if (changed.enabled) await change(tenant, { ...spec, enabled: false }, 'Hibernated');
        await change(tenant, spec, 'Ready');
        await load.more(TRAFFIC);
        if (survivesKill) killRedis(await podUid(tenant.namespace));
      });
      report({ name: `${name}${survivesKill ? ', then killed' : ''}`, promised: true, rounds: [round] });
    }
  });
}

/** Applies a spec, and resolves once the operator says that the store is there with all of it. */
async function change({ namespace }: Tenant, spec: Record<string, unknown>, phase: string): Promise<void> {
  await apply(store(namespace, spec));
  await eventually(`the store is ${phase}`, CHANGE_SECONDS, async () => {
    const { metadata, status } = await read('kvstore', namespace, 'main');
    return status.observedGeneration === metadata.generation && status.phase === phase;
  });
}
