import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apply, condition, eventually, kubectl, read, tryApply } from './cluster.ts';
import { answering, createNamespace, createTenant, request, store, type Tenant, token, tokenOf } from './tenant.ts';

/** Waits until the store's Degraded condition is true with that reason, and returns its message. */
const degraded = (namespace: string, reason: string, name = 'main') =>
  eventually(`${namespace}/${name} reports ${reason}`, 60, async () => {
    const found = condition(await read('kvstore', namespace, name), 'Degraded');
    return found?.status === 'True' && found.reason === reason ? found.message : undefined;
  });

const ready = (namespace: string, name = 'main') =>
  eventually(`${namespace}/${name} is ready`, 90, async () => {
    const object = await read('kvstore', namespace, name);
    const current = object?.status?.observedGeneration === object?.metadata?.generation;
    return (current && condition(object, 'Ready')?.status === 'True' && object.status.phase === 'Ready') || undefined;
  });

const podUid = async (tenant: Tenant) => (await read('pod', tenant.namespace, 'main-redis-0'))?.metadata?.uid;

test('what the schema can see is refused at once, with the remedy', async (t) => {
  const namespace = 'e2e-refused';
  await createNamespace(t, namespace);
  const refusals: [Record<string, unknown>, RegExp][] = [
    [{ memoryy: '1Gi' }, /unknown field "(spec\.)?memoryy"/],
    [{ version: 'latest' }, /version must be a Redis version such as "8\.0"/],
    [{ memory: 0 }, /memory must be a quantity of at least 16Mi; write it with a unit, for example 256Mi/],
    [{ memory: '0' }, /memory must be a quantity of at least 16Mi/],
    [{ memory: 'much' }, /memory must be a quantity of at least 16Mi/],
    [{ version: undefined }, /set spec\.version, for example "8\.0", or spec\.image/],
    [{ persistence: { size: '1Mi' } }, /persistence\.size must be a quantity of at least 64Mi/],
  ];
  for (const [spec, message] of refusals) {
    const { code, stderr } = await tryApply(store(namespace, spec));
    assert.notEqual(code, 0, `accepted: ${JSON.stringify(spec)}`);
    assert.match(stderr, message);
  }
  assert.equal(await read('kvstore', namespace, 'main'), undefined);
});

test('a running store keeps serving under a spec that cannot run, and heals without its pod being touched', async (t) => {
  const tenant = await createTenant(t, 'e2e-bad-change');
  await tenant.request('PUT', '/infra/kv/kept', { value: 1 });
  await ready(tenant.namespace);
  const pod = await podUid(tenant);
  const changes: [Record<string, unknown>, string, RegExp][] = [
    [{ version: '9.9' }, 'VersionUnknown', /7\.0.*8\.0/],
    [{ image: 'docker.io/library/redis:does-not-exist' }, 'ImageUnavailable', /spec\.image/],
    [{ config: { 'no-such-directive': '1' } }, 'ConfigNotAllowed', /allowed/],
  ];
  for (const [spec, reason, message] of changes) {
    await apply(store(tenant.namespace, spec));
    assert.match(await degraded(tenant.namespace, reason), message);
    assert.equal((await tenant.request('GET', '/infra/kv/kept')).body?.value, 1, `serving under ${reason}`);
    await apply(store(tenant.namespace));
    await ready(tenant.namespace);
    assert.equal(await podUid(tenant), pod, `the pod is the same after ${reason}`);
  }
});

test('a new store with an image that does not exist starts once the image is corrected', async (t) => {
  const namespace = 'e2e-bad-image';
  await createNamespace(t, namespace);
  await apply(store(namespace, { image: 'docker.io/library/redis:does-not-exist' }), token(namespace));
  assert.match(await degraded(namespace, 'ImageUnavailable'), /does-not-exist.*spec\.image/s);
  await apply(store(namespace));
  await ready(namespace);
});

test('a store too big for every node says so, and starts once its memory fits', async (t) => {
  const namespace = 'e2e-too-big';
  await createNamespace(t, namespace);
  await apply(store(namespace, { memory: '900Gi' }), token(namespace));
  assert.match(await degraded(namespace, 'Unschedulable'), /memory/i);
  await apply(store(namespace));
  await ready(namespace);
});

test('of two claims of one project the older keeps it, and the newer heals when the older goes', async (t) => {
  const elder = await createTenant(t, 'e2e-claim-elder', { projectId: 'e2e-claimed' });
  await createNamespace(t, 'e2e-claim-newer');
  await apply(store('e2e-claim-newer', { projectId: 'e2e-claimed' }), token('e2e-claim-newer'));
  assert.match(await degraded('e2e-claim-newer', 'ProjectIdConflict'), /projectId/);
  assert.equal((await elder.request('PUT', '/infra/kv/mine', { value: 1 })).status, 200);

  const bearer = await tokenOf('e2e-claim-newer', 'web');
  assert.equal((await request(bearer, 'GET', '/infra/kv/mine')).status, 503);

  await kubectl('delete', 'kvstore', 'main', '-n', elder.namespace);
  await ready('e2e-claim-newer');
  const newer = {
    namespace: 'e2e-claim-newer',
    request: (method: string, path: string, body?: unknown) => request(bearer, method, path, body),
  };
  await answering(newer);
  assert.equal((await newer.request('GET', '/infra/kv/mine')).status, 404, 'the data stayed with the older store');
});
