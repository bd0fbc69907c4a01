import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { cloneDirectory } from '../../cluster/paths.ts';
import { startLoad } from '../../test/durability/load.ts';
import type { Tenant } from '../../test/e2e/tenant.ts';
import { embeddedCluster } from './embedded.ts';
import { judgeRound, type Round, report, TRAFFIC } from './rounds.ts';
import { settings, withTenant } from './stores.ts';

const ROUNDS = 3;
const RECOVERY_SECONDS = 300;

/**
 * Restarts the node under the load of a store of each setting: every process of it is killed at once, kubelet, container
 * runtime and API server too, and `npm start` brings it up on what is on its disk.
 */
export async function benchNode(): Promise<void> {
  await embeddedCluster();
  await withTenants(
    settings.map(({ name, persistence }) => [`node-${name}`, { persistence }] as const),
    restartRounds,
  );
}

async function restartRounds(tenants: readonly Tenant[]): Promise<void> {
  const rounds: Round[][] = settings.map(() => []);
  for (let n = 0; n < ROUNDS; n++) {
    console.log(`node: round ${n + 1} of ${ROUNDS}`);
    const loads = tenants.map((tenant) => startLoad(tenant, { prefix: `node-${n}`, clients: 2, pauseMs: 20 }));
    try {
      await Promise.all(loads.map((load) => load.more(TRAFFIC)));
      await restartNode();
      await Promise.all(loads.map((load) => load.more(TRAFFIC, RECOVERY_SECONDS)));
    } finally {
      await Promise.all(loads.map((load) => load.stop()));
    }
    for (const [index, load] of loads.entries()) rounds[index]?.push(await judgeRound(load));
  }
  for (const [index, { name, survivesKill }] of settings.entries())
    report({ name: `${name}: node restarted`, promised: survivesKill, rounds: rounds[index] ?? [] });
}

async function restartNode(): Promise<void> {
  const { supervisor, holder } = await embeddedCluster();
  process.kill(supervisor.pid, 'SIGKILL');
  // The kernel ends every process of the namespace with its first one, if it has not yet.
  try {
    process.kill(holder.pid, 'SIGKILL');
  } catch {}
  const start = spawn(process.execPath, [join(cloneDirectory, 'cluster/start.ts'), '--cluster-only'], {
    cwd: cloneDirectory,
    stdio: 'inherit',
  });
  const [code] = await once(start, 'exit');
  if (code !== 0) throw new Error('the cluster did not come up again; see .cluster/logs');
}

/** Lends several tenants at once. */
async function withTenants(
  wanted: readonly (readonly [name: string, spec: Record<string, unknown>])[],
  work: (tenants: readonly Tenant[]) => Promise<void>,
): Promise<void> {
  const [first, ...rest] = wanted;
  if (!first) return work([]);
  await withTenant(...first, (tenant) => withTenants(rest, (others) => work([tenant, ...others])));
}
