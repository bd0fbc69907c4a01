import { startLoad } from '../../test/durability/load.ts';
import { findInPod } from '../../test/durability/processes.ts';
import { type Round, report, runRound } from './rounds.ts';
import { FORCE, podUid, replacePod, settings, withTenant } from './stores.ts';

/**
 * For each setting, or `only` those, `kills` times under load: redis-server killed (SIGKILL), its pod deleted by force,
 * and its pod deleted in good order.
 */
export async function benchKills(kills: number, only: readonly string[] | undefined): Promise<void> {
  const unknown = only?.find((name) => settings.every((setting) => setting.name !== name));
  if (unknown !== undefined) throw new Error(`no setting is called ${unknown}; see npm run bench -- durability --help`);
  for (const { name, persistence, survivesKill, survivesStop } of settings) {
    if (only && !only.includes(name)) continue;
    await withTenant(name, { persistence }, async (tenant) => {
      const [killed, forced, stopped]: [Round[], Round[], Round[]] = [[], [], []];
      for (let n = 0; n < kills; n++) {
        console.log(`${name}: round ${n + 1} of ${kills}`);
        const run = (fault: string, happen: () => Promise<unknown>) =>
          runRound(startLoad(tenant, { prefix: `${fault}-${n}` }), happen);
        killed.push(await run('killed', async () => killRedis(await podUid(tenant.namespace))));
        // A new pod also forgets the kubelet's back-off, which would make the next kill wait.
        forced.push(await run('forced', () => replacePod(tenant.namespace, FORCE)));
        stopped.push(await run('stopped', () => replacePod(tenant.namespace)));
      }
      report({ name: `${name}: redis-server killed`, promised: survivesKill, rounds: killed });
      report({ name: `${name}: pod deleted by force`, promised: survivesKill, rounds: forced });
      report({ name: `${name}: pod deleted`, promised: survivesStop, rounds: stopped });
    });
  }
}

/** Kills the redis-server in the pod of that UID, which must be on this machine. */
export function killRedis(uid: string): void {
  const [pid] = findInPod(uid, 'redis-server');
  if (pid === undefined) throw new Error('no redis-server of the pod is on this machine: use the embedded cluster');
  process.kill(pid, 'SIGKILL');
}
