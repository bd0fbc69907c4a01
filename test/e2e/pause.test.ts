import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { accessCluster, apply, condition, eventually, kubectl, read } from './cluster.ts';
import { createCrowd, removeNamespace } from './crowd.ts';
import { kubeconfig } from './environment.ts';
import { answering, createTenant, store, type Tenant } from './tenant.ts';

/** Longer than the operator takes to see and carry out a change, in ms. */
const QUIET_MS = 5_000;

/** Only the condition Paused says for which generation it holds. */
function withoutPause(status: { conditions: { type: string }[] }) {
  return { ...status, conditions: status.conditions.filter(({ type }) => type !== 'Paused') };
}

async function pause({ namespace }: Tenant): Promise<void> {
  await kubectl('annotate', 'kvstore', 'main', '-n', namespace, 'cubby.dev/paused=true');
  await eventually('the status says Paused', 30, async () => {
    return condition(await read('kvstore', namespace, 'main'), 'Paused')?.status === 'True' || undefined;
  });
}

test('what is edited or deleted while a store is paused waits until it goes on; Redis serves all the time', async (t) => {
  const tenant = await createTenant(t, 'e2e-pause');
  const { namespace } = tenant;
  await tenant.request('PUT', '/infra/kv/kept', { value: 1 });
  await pause(tenant);
  const before = await read('kvstore', namespace, 'main');
  await apply(store(namespace, { memory: '48Mi' }));
  await kubectl('delete', 'networkpolicy', 'main-redis', '-n', namespace);
  await sleep(QUIET_MS);
  const paused = await read('kvstore', namespace, 'main');
  assert.deepEqual(withoutPause(paused.status), withoutPause(before.status));
  assert.ok(paused.status.observedGeneration < paused.metadata.generation, 'the edit has not been observed');
  assert.equal(await read('networkpolicy', namespace, 'main-redis'), undefined);
  assert.equal((await tenant.request('GET', '/infra/kv/kept')).body.value, 1);

  await kubectl('annotate', 'kvstore', 'main', '-n', namespace, 'cubby.dev/paused-');
  await eventually('the edit is carried out', 60, async () => {
    const { status, metadata } = await read('kvstore', namespace, 'main');
    return (status.observedGeneration === metadata.generation && status.memory?.limit === 48 * 2 ** 20) || undefined;
  });
  await eventually('what was deleted is back', 30, () => read('networkpolicy', namespace, 'main-redis'));
  assert.equal(condition(await read('kvstore', namespace, 'main'), 'Paused'), undefined);
});

test('a paused store can be deleted, keeps its data by its policy, and is not paused when it is created again', async (t) => {
  const tenant = await createTenant(t, 'e2e-pause-delete');
  const { namespace } = tenant;
  await tenant.request('PUT', '/infra/kv/kept', { value: 1 });
  await pause(tenant);
  await kubectl('delete', 'kvstore', 'main', '-n', namespace, '--timeout=30s');
  await eventually('its pod is gone', 90, async () => {
    return (await read('pod', namespace, 'main-redis-0')) === undefined || undefined;
  });
  assert.ok(await read('pvc', namespace, 'data-main-redis-0'), 'the claim stays');
  await apply(store(namespace));
  await answering(tenant);
  assert.equal((await tenant.request('GET', '/infra/kv/kept')).body.value, 1);
});

test('a namespace goes within 90 s, whatever state its stores are in', async (t) => {
  const namespace = 'e2e-crowd';
  const cluster = accessCluster(kubeconfig);
  t.after(() => kubectl('delete', 'namespace', namespace, '--wait=false', '--ignore-not-found'));
  await createCrowd(cluster, namespace);
  t.diagnostic(`gone after ${(await removeNamespace(cluster, namespace)).toFixed(1)} s`);
});
