import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apply, condition, eventually, read } from './cluster.ts';
import { createLoopVolume, noLoopVolumes } from './loop-volume.ts';
import { answering, createTenant, store, type Tenant } from './tenant.ts';

/** So large that a few hundred fill the volume, although the log is not yet long enough to be rewritten. */
const VALUE = 'x'.repeat(200_000);
const KEYS = 20;

const conditionOf = async ({ namespace }: Tenant, type: string) =>
  condition(await read('kvstore', namespace, 'main'), type);

const podOf = async ({ namespace }: Tenant) => {
  const { metadata, status } = await read('pod', namespace, 'main-redis-0');
  return { uid: metadata.uid as string, restarts: status.containerStatuses[0].restartCount as number };
};

/** Writes over the same keys until a write is refused; the last acknowledged value of each key, and the refusal. */
async function fill(tenant: Tenant) {
  const acknowledged = new Map<string, string>();
  for (let n = 0; n < 1000; n++) {
    const [key, value] = [`key-${n % KEYS}`, `${n} ${VALUE}`];
    const answer = await tenant.request('PUT', `/infra/kv/${key}`, { value });
    if (answer.status !== 200) return { acknowledged, refused: { key, value, answer } };
    acknowledged.set(key, value);
  }
  throw new Error('the volume takes everything');
}

/** Every acknowledged value is there; of the key that was refused, the refused one may be too where its outcome is unknown. */
async function assertKept(tenant: Tenant, { acknowledged, refused }: Awaited<ReturnType<typeof fill>>): Promise<void> {
  for (const [key, value] of acknowledged) {
    const { status, body } = await tenant.request('GET', `/infra/kv/${key}`);
    assert.equal(status, 200, key);
    const unknown = refused.answer.status === 504 && key === refused.key && body.value === refused.value;
    assert.ok(unknown || body.value === value, `${key} has the value that was acknowledged last`);
  }
}

const isDegradedBy = (tenant: Tenant, reason: string, seconds: number) =>
  eventually(`Degraded says ${reason}`, seconds, async () => {
    const found = await conditionOf(tenant, 'Degraded');
    return (found?.status === 'True' && found.reason === reason) || undefined;
  });

const isReady = (tenant: Tenant, seconds: number) =>
  eventually('the store is ready again', seconds, async () => {
    const { status } = await read('kvstore', tenant.namespace, 'main');
    return status.phase === 'Ready' || undefined;
  });

test('a full volume under everysec: it is told within a minute, reads go on, and growth ends it without a restart', {
  skip: noLoopVolumes,
}, async (t) => {
  const namespace = 'e2e-full-everysec';
  const volume = await createLoopVolume(t, namespace, 64);
  const persistence = { size: '64Mi', storageClassName: volume.storageClassName };
  const tenant = await createTenant(t, namespace, { persistence });
  const pod = await podOf(tenant);
  const { uid } = (await read('statefulset', namespace, 'main-redis')).metadata;

  const filled = await fill(tenant);
  const start = performance.now();
  assert.deepEqual([filled.refused.answer.status, filled.refused.answer.body.code], [503, 'store_unavailable']);
  await isDegradedBy(tenant, 'VolumeFull', 60);
  t.diagnostic(`told after ${((performance.now() - start) / 1000).toFixed(1)} s`);
  assert.equal((await conditionOf(tenant, 'Ready'))?.reason, 'ReadOnly');
  await assertKept(tenant, filled);

  await apply(store(namespace, { persistence: { ...persistence, size: '128Mi' } }));
  await eventually('the claim asks for more', 30, async () => {
    const claim = await read('pvc', namespace, 'data-main-redis-0');
    return claim.spec.resources.requests.storage === '128Mi' || undefined;
  });
  await volume.grow(128);
  await eventually('a StatefulSet with the new claim template', 60, async () => {
    const set = await read('statefulset', namespace, 'main-redis');
    const size = set?.spec.volumeClaimTemplates[0].spec.resources.requests.storage;
    return (set && set.metadata.uid !== uid && size === '128Mi') || undefined;
  });
  await isReady(tenant, 60);
  assert.equal((await tenant.request('PUT', '/infra/kv/after', { value: 1 })).status, 200);
  await assertKept(tenant, filled);
  await eventually('the new StatefulSet has adopted the pod', 30, async () => {
    const { status } = await read('statefulset', namespace, 'main-redis');
    return status.readyReplicas === 1 || undefined;
  });
  assert.deepEqual(await podOf(tenant), pod, 'the same pod, never restarted');
});

test('a full volume under always: why Redis ends is told, and with room it starts with all that was acknowledged', {
  skip: noLoopVolumes,
}, async (t) => {
  const namespace = 'e2e-full-always';
  const volume = await createLoopVolume(t, namespace, 64);
  await volume.occupy(32);
  const persistence = { size: '64Mi', fsync: 'always', storageClassName: volume.storageClassName };
  const tenant = await createTenant(t, namespace, { persistence });
  const filled = await fill(tenant);
  const start = performance.now();
  assert.ok([503, 504].includes(filled.refused.answer.status), filled.refused.answer.text);
  await isDegradedBy(tenant, 'VolumeFull', 60);
  t.diagnostic(`told after ${((performance.now() - start) / 1000).toFixed(1)} s`);
  await volume.vacate();
  await isReady(tenant, 180);
  await answering(tenant);
  assert.equal((await tenant.request('PUT', '/infra/kv/after', { value: 1 })).status, 200);
  await assertKept(tenant, filled);
});
