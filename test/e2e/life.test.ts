import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apply, condition, eventually, kubectl, read } from './cluster.ts';
import { answering, createTenant, request, store, type Tenant, token, tokenOf } from './tenant.ts';

const claim = (namespace: string) => read('pvc', namespace, 'data-main-redis-0');

const gone = (kind: string, namespace: string, name: string) =>
  eventually(`${kind} ${name} is gone`, 90, async () => (await read(kind, namespace, name)) === undefined || undefined);

/** Deletes the StatefulSet and its pod as somebody might by mistake, and waits until the operator made them again. */
async function replaceStatefulSet(namespace: string): Promise<void> {
  const { uid } = (await read('pod', namespace, 'main-redis-0')).metadata;
  await kubectl('delete', 'statefulset', 'main-redis', '-n', namespace);
  await eventually('a new pod', 60, async () => {
    const pod = await read('pod', namespace, 'main-redis-0');
    return (pod && pod.metadata.uid !== uid) || undefined;
  });
}

/** Deletes the store and waits until its pod is gone; the token stays. */
async function deleteStore(namespace: string): Promise<void> {
  await kubectl('delete', 'kvstore', 'main', '-n', namespace);
  await gone('pod', namespace, 'main-redis-0');
}

const redisInfo = async (tenant: Tenant, field: string) => {
  const store = await read('kvstore', tenant.namespace, 'main');
  return store?.status?.[field];
};

test('with Retain a store that is deleted and created again finds its data', async (t) => {
  const tenant = await createTenant(t, 'e2e-retain');
  await tenant.request('PUT', '/infra/kv/kept', { value: 'still here' });
  await deleteStore(tenant.namespace);
  assert.ok(await claim(tenant.namespace), 'the claim stays');
  assert.equal((await tenant.request('GET', '/infra/kv/kept')).status, 503);
  await apply(store(tenant.namespace));
  await answering(tenant);
  assert.equal((await tenant.request('GET', '/infra/kv/kept')).body.value, 'still here');
});

test('with Delete the claim goes with the store, and a new store is empty', async (t) => {
  const tenant = await createTenant(t, 'e2e-delete', { deletionPolicy: 'Delete' });
  await tenant.request('PUT', '/infra/kv/gone', { value: 1 });
  await replaceStatefulSet(tenant.namespace);
  await answering(tenant);
  assert.equal((await tenant.request('GET', '/infra/kv/gone')).status, 200, 'only the store takes its data along');
  await deleteStore(tenant.namespace);
  await gone('pvc', tenant.namespace, 'data-main-redis-0');
  await apply(store(tenant.namespace, { deletionPolicy: 'Delete' }));
  await answering(tenant);
  assert.equal((await tenant.request('GET', '/infra/kv/gone')).status, 404);
});

test('a hibernated store answers 503 and wakes with its data', async (t) => {
  const tenant = await createTenant(t, 'e2e-hibernate');
  await tenant.request('PUT', '/infra/kv/kept', { value: 1 });
  await apply(store(tenant.namespace, { enabled: false }));
  await gone('pod', tenant.namespace, 'main-redis-0');
  const asleep = await tenant.request('GET', '/infra/kv/kept');
  assert.deepEqual([asleep.status, asleep.body.code], [503, 'store_hibernated']);
  const { status } = await read('kvstore', tenant.namespace, 'main');
  assert.deepEqual([status.phase, status.keptKeys], ['Hibernated', 1], 'how many keys are kept is remembered');
  await apply(store(tenant.namespace));
  await answering(tenant);
  assert.equal((await tenant.request('GET', '/infra/kv/kept')).body.value, 1);
});

test('memory, eviction policy and persistence change in the running Redis, without a restart', async (t) => {
  const tenant = await createTenant(t, 'e2e-live');
  const pod = await read('pod', tenant.namespace, 'main-redis-0');
  await apply(store(tenant.namespace, { memory: '48Mi', evictionPolicy: 'allkeys-lru', persistence: { mode: 'rdb' } }));
  await eventually('Redis has the new limit', 30, async () => {
    return (await redisInfo(tenant, 'memory'))?.limit === 48 * 2 ** 20 || undefined;
  });
  await eventually('the container has the new limit', 30, async () => {
    const now = await read('pod', tenant.namespace, 'main-redis-0');
    return now.status.containerStatuses[0].resources?.limits?.memory === '160Mi' || undefined;
  });
  const after = await read('pod', tenant.namespace, 'main-redis-0');
  assert.equal(after.metadata.uid, pod.metadata.uid);
  assert.equal(after.status.containerStatuses[0].restartCount, 0);
});

test('every child that is deleted comes back, and the data with it', async (t) => {
  const tenant = await createTenant(t, 'e2e-children');
  await tenant.request('PUT', '/infra/kv/kept', { value: 1 });
  const children = [
    ['service', 'main-redis'],
    ['service', 'main-redis-headless'],
    ['configmap', 'main-redis'],
    ['secret', 'main-redis-acl'],
    ['networkpolicy', 'main-redis'],
    ['serviceaccount', 'main-redis'],
    ['statefulset', 'main-redis'],
  ] as const;
  for (const [kind, name] of children) {
    const { uid } = (await read(kind, tenant.namespace, name)).metadata;
    await kubectl('delete', kind, name, '-n', tenant.namespace, '--wait=false');
    await eventually(`${kind} ${name} is back`, 60, async () => {
      const found = await read(kind, tenant.namespace, name);
      return (found && found.metadata.uid !== uid) || undefined;
    });
  }
  await answering(tenant);
  assert.equal((await tenant.request('GET', '/infra/kv/kept')).body.value, 1);
});

test('each token type works, and scopes hold', async (t) => {
  const tenant = await createTenant(t, 'e2e-tokens');
  await apply(token(tenant.namespace, { type: 'Deployment', scopes: ['kv:read'] }, 'reader'));
  const reader = await tokenOf(tenant.namespace, 'reader');
  assert.match(reader, /^dt_/);
  await eventually('the reader reads', 5, async () => {
    return (await request(reader, 'GET', '/infra/kv/none')).status === 404 || undefined;
  });
  const refused = await request(reader, 'PUT', '/infra/kv/none', { value: 1 });
  assert.equal(refused.status, 403);
  assert.match(refused.body.detail, /kv:write/);
});

test('plan and limits appear in the status, and neither they nor cached reads restart Redis', async (t) => {
  const tenant = await createTenant(t, 'e2e-limits');
  const pod = await read('pod', tenant.namespace, 'main-redis-0');
  await apply(store(tenant.namespace, { plan: 'free', limits: { requestsPerSecond: 7 }, reads: 'cached' }));
  const limits = await eventually('limits in the status', 30, () => redisInfo(tenant, 'limits'));
  assert.deepEqual(limits, { requestsPerSecond: 7, burst: 40, tokensPerMonth: '0.5' });
  await apply(store(tenant.namespace, { plan: 'none-of-this-name' }));
  await eventually('the plan is refused', 30, async () => {
    const refused = condition(await read('kvstore', tenant.namespace, 'main'), 'SpecAccepted');
    return (refused?.reason === 'PlanUnknown' && /use one of free/.test(refused.message)) || undefined;
  });
  assert.deepEqual(await redisInfo(tenant, 'limits'), limits, 'the limits stay as they were');
  await apply(store(tenant.namespace));
  await eventually('no limits', 30, async () => (await redisInfo(tenant, 'limits')) === undefined || undefined);
  const after = await read('pod', tenant.namespace, 'main-redis-0');
  assert.equal(after.metadata.uid, pod.metadata.uid);
  assert.equal(after.status.containerStatuses[0].restartCount, 0);
});

test('the ledger is ready after the installation, and comes back when it is deleted, with its data', async () => {
  const ledger = () => read('kvstore', 'cubby-system', 'ledger');
  const isReady = async () => condition(await ledger(), 'Ready')?.status === 'True' || undefined;
  await eventually('the ledger is ready', 90, isReady);
  const { metadata, spec } = await ledger();
  assert.deepEqual([spec.projectId, spec.deletionPolicy], ['cubby-ledger', 'Retain']);
  const volume = (await read('pvc', 'cubby-system', 'data-ledger-redis-0')).metadata.uid;
  await kubectl('delete', 'kvstore', 'ledger', '-n', 'cubby-system');
  await eventually('another ledger', 60, async () => ((await ledger())?.metadata.uid ?? metadata.uid) !== metadata.uid);
  await eventually('it is ready', 90, isReady);
  assert.equal((await read('pvc', 'cubby-system', 'data-ledger-redis-0')).metadata.uid, volume);
});
