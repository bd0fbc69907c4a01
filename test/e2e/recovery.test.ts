import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Load, startLoad } from '../durability/load.ts';
import { apply, eventually, kubectl, read } from './cluster.ts';
import { createTenant, store, type Tenant, token, tokenOf } from './tenant.ts';

const podsOf = async (component: string) =>
  (
    await kubectl(
      ...['get', 'pods', '-n', 'cubby-system', '-l', `app.kubernetes.io/component=${component}`],
      ...['-o', 'jsonpath={.items[*].metadata.name}'],
    )
  ).split(' ');

/** Writes that must be acknowledged before a fault and again after the recovery, so that there is something to lose. */
const TRAFFIC = 100;

/**
 * Writes all the while that `fault` happens and until `recovered`, and checks that no acknowledged write is gone and no
 * refused one is there. Returns the load, for what its clients saw.
 */
async function writesSurvive(tenant: Tenant, fault: () => Promise<unknown>, recovered: () => Promise<boolean>) {
  const load = startLoad(tenant, { prefix: 'write', clients: 1 });
  try {
    await load.more(TRAFFIC);
    await fault();
    await eventually('the recovery', 60, async () => (await recovered()) || undefined);
    await load.more(TRAFFIC);
  } finally {
    await load.stop();
  }
  const { lost, resurrected } = await load.verdict();
  assert.deepEqual({ lost, resurrected }, { lost: [], resurrected: [] });
  return load;
}

function assertOnlyFails(load: Load, expected: readonly string[]): void {
  const unexpected = Object.keys(load.failures()).filter((answer) => !expected.includes(answer));
  assert.deepEqual(unexpected, [], JSON.stringify(load.failures()));
}

const uidOf = async (namespace: string, pod: string) => (await read('pod', namespace, pod))?.metadata.uid as string;

/** Whether none of those pods is left and `count` of the component are ready in their place. */
const replaced = (component: string, old: readonly string[], count: number) => async () => {
  const now = await podsOf(component);
  const ready = await kubectl(
    ...['get', 'deploy', `cubby-${component}`, '-n', 'cubby-system', '-o', 'jsonpath={.status.readyReplicas}'],
  );
  return !old.some((pod) => now.includes(pod)) && Number(ready) === count;
};

const kill = (namespace: string, ...pods: string[]) =>
  kubectl('delete', 'pod', ...pods, '-n', namespace, '--grace-period=0', '--force', '--wait=false');

test('the Redis pod killed: the store answers again and no acknowledged write is lost', async (t) => {
  const tenant = await createTenant(t, 'e2e-kill-redis');
  const old = await uidOf(tenant.namespace, 'main-redis-0');
  const load = await writesSurvive(
    tenant,
    () => kill(tenant.namespace, 'main-redis-0'),
    async () => {
      const pod = await read('pod', tenant.namespace, 'main-redis-0');
      return pod && pod.metadata.uid !== old && pod.status.containerStatuses?.[0]?.ready === true;
    },
  );
  t.diagnostic(`longest time without an acknowledged write: ${load.longestGapMs().toFixed(0)} ms`);
  assertOnlyFails(load, ['503', '504']);
});

test('a data-plane pod killed: no acknowledged write is lost', async (t) => {
  const tenant = await createTenant(t, 'e2e-kill-dataplane');
  const [pod = ''] = await podsOf('dataplane');
  const load = await writesSurvive(tenant, () => kill('cubby-system', pod), replaced('dataplane', [pod], 2));
  t.diagnostic(`longest time without an acknowledged write: ${load.longestGapMs().toFixed(0)} ms`);
  assertOnlyFails(load, ['503', '504', 'broken']);
});

test('the operators killed: stores go on, and new ones are made as soon as one leads again', async (t) => {
  const tenant = await createTenant(t, 'e2e-kill-operator');
  const pods = await podsOf('operator');
  const load = await writesSurvive(tenant, () => kill('cubby-system', ...pods), replaced('operator', pods, 2));
  assertOnlyFails(load, []); // requests do not pass through the operator
});

test('a store applied while no operator runs is made once one leads', async (t) => {
  const tenant = await createTenant(t, 'e2e-no-operator');
  await kill('cubby-system', ...(await podsOf('operator')));
  const start = performance.now();
  await apply(
    store(tenant.namespace, {}, 'second'),
    token(tenant.namespace, { storeRef: { name: 'second' } }, 'second'),
  );
  await tokenOf(tenant.namespace, 'second', 60);
  t.diagnostic(`taken up after ${(performance.now() - start).toFixed(0)} ms`);
  await eventually('the second store is ready', 60, async () => {
    return (await read('kvstore', tenant.namespace, 'second'))?.status?.phase === 'Ready' || undefined;
  });
});
