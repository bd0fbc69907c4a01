import { setTimeout as sleep } from 'node:timers/promises';
import { startLoad } from '../../test/durability/load.ts';
import { apply, eventually, kubectl, read } from '../../test/e2e/cluster.ts';
import { store, type Tenant, token, tokenOf } from '../../test/e2e/tenant.ts';
import { embeddedCluster, holdDown, killComponent } from './embedded.ts';
import { killRedis } from './kills.ts';
import { report, runRound } from './rounds.ts';
import { podUid, withTenant } from './stores.ts';

const ETCD_KILLS = 5;

/** How long the API server is away while Redis is killed. */
const SHORT_MS = 60_000;

/**
 * Under load: the operator is taken away, a change and a second store are asked for, and the API server is down for so
 * many minutes; both are brought back, and what was asked for must come. Then Redis is killed while the API server is
 * down, and etcd is killed.
 */
export async function benchOutage(minutes: number): Promise<void> {
  await embeddedCluster();
  await withTenant('outage', {}, async (tenant) => {
    const load = startLoad(tenant, { prefix: 'away', pauseMs: 20 });
    const away = await runRound(load, () => withoutControlPlane(tenant, minutes * 60_000));
    report({ name: `operator and API server down for ${minutes} min`, promised: true, rounds: [away] });
    const killed = await runRound(startLoad(tenant, { prefix: 'killed' }), () => killRedisMeanwhile(tenant));
    report({ name: 'API server down, redis-server killed', promised: true, rounds: [killed] });
    const etcd = await runRound(startLoad(tenant, { prefix: 'etcd' }), killEtcd);
    report({ name: `etcd killed ${ETCD_KILLS} times`, promised: true, rounds: [etcd] });
    for (const { failures } of [away, etcd]) {
      if (Object.keys(failures).length === 0) continue;
      console.log('  BROKEN PROMISE: requests do not pass through the API server, and yet some failed');
      process.exitCode = 1;
    }
  });
}

async function withoutControlPlane(tenant: Tenant, ms: number): Promise<void> {
  await scaleOperator(0);
  await apply(store(tenant.namespace, { memory: '48Mi' }));
  await apply(
    store(tenant.namespace, {}, 'second'),
    token(tenant.namespace, { storeRef: { name: 'second' } }, 'second'),
  );
  await holdDown('kube-apiserver', ms);
  await serving();
  const back = performance.now();
  await scaleOperator(2);
  const start = performance.now();
  await tokenOf(tenant.namespace, 'second', 120);
  await eventually('the change and the second store', 120, async () => {
    const [main, second] = [
      await read('kvstore', tenant.namespace, 'main'),
      await read('kvstore', tenant.namespace, 'second'),
    ];
    return main?.status?.memory?.limit === 48 * 2 ** 20 && second?.status?.phase === 'Ready';
  });
  const seconds = (from: number, to: number) => `${((to - from) / 1000).toFixed(1)} s`;
  console.log(
    `  the operator's pods were ready ${seconds(back, start)} after the API server was, ` +
      `and what was asked for meanwhile ${seconds(start, performance.now())} after that`,
  );
}

async function killRedisMeanwhile(tenant: Tenant): Promise<void> {
  const uid = await podUid(tenant.namespace);
  const down = holdDown('kube-apiserver', SHORT_MS);
  await sleep(SHORT_MS / 2);
  killRedis(uid);
  await down;
  await serving();
}

async function killEtcd(): Promise<void> {
  for (let n = 0; n < ETCD_KILLS; n++) {
    await killComponent('etcd');
    await sleep(2000);
    await serving();
  }
}

async function scaleOperator(replicas: number): Promise<void> {
  const of = ['deployment/cubby-operator', '-n', 'cubby-system'];
  await kubectl('scale', ...of, `--replicas=${replicas}`);
  await kubectl('rollout', 'status', ...of, '--timeout=120s');
}

/** Resolves once the API server answers. */
async function serving(): Promise<void> {
  await eventually('the API server is ready', 120, async () => (await kubectl('get', '--raw', '/readyz')) === 'ok');
}
