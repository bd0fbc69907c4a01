import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apply, eventually, kubectl, read } from './cluster.ts';
import { createTenant, store, type Tenant, token, tokenOf } from './tenant.ts';
import { writer } from './writer.ts';

const podsOf = async (component: string) =>
  (
    await kubectl(
      ...['get', 'pods', '-n', 'cubby-system', '-l', `app.kubernetes.io/component=${component}`],
      ...['-o', 'jsonpath={.items[*].metadata.name}'],
    )
  ).split(' ');

/** Writes all the while that `fault` works, and checks afterwards that no acknowledged write is gone. */
async function writesSurvive(tenant: Tenant, fault: () => Promise<unknown>, minimumBefore = 50) {
  const writing = writer(tenant);
  await eventually('traffic before the fault', 30, async () => writing.acknowledged.size >= minimumBefore || undefined);
  const before = writing.acknowledged.size;
  await fault();
  const at = performance.now();
  await eventually('writes after the fault', 60, async () => writing.lastAcknowledgedAt > at || undefined);
  const report = await writing.stop();
  const lost: string[] = [];
  for (const [key, value] of writing.acknowledged) {
    const { body } = await tenant.request('GET', `/infra/kv/${key}`);
    if (body?.value !== value) lost.push(key);
  }
  assert.deepEqual(lost, [], 'acknowledged and lost');
  assert.ok(writing.acknowledged.size > before, 'writes were acknowledged after the fault');
  return report;
}

test('the Redis pod killed: the store answers again and no acknowledged write is lost', async (t) => {
  const tenant = await createTenant(t, 'e2e-kill-redis');
  const report = await writesSurvive(tenant, () =>
    kubectl('delete', 'pod', 'main-redis-0', '-n', tenant.namespace, '--grace-period=0', '--force', '--wait=false'),
  );
  t.diagnostic(`longest time without an acknowledged write: ${report.longestGapMs.toFixed(0)} ms`);
  assert.deepEqual(report.unexpected, []);
});

test('a data-plane pod killed: no acknowledged write is lost', async (t) => {
  const tenant = await createTenant(t, 'e2e-kill-dataplane');
  const [pod = ''] = await podsOf('dataplane');
  const report = await writesSurvive(tenant, () =>
    kubectl('delete', 'pod', pod, '-n', 'cubby-system', '--grace-period=0', '--force', '--wait=false'),
  );
  t.diagnostic(`longest time without an acknowledged write: ${report.longestGapMs.toFixed(0)} ms`);
});

test('the operators killed: stores go on, and new ones are made as soon as one leads again', async (t) => {
  const tenant = await createTenant(t, 'e2e-kill-operator');
  const report = await writesSurvive(tenant, async () => {
    const pods = await podsOf('operator');
    await kubectl('delete', 'pod', ...pods, '-n', 'cubby-system', '--grace-period=0', '--force', '--wait=false');
  });
  assert.equal(report.failed, 0, 'requests do not pass through the operator');
  const start = performance.now();
  await apply(
    store(tenant.namespace, {}, 'second'),
    token(tenant.namespace, { storeRef: { name: 'second' } }, 'second'),
  );
  await tokenOf(tenant.namespace, 'second');
  t.diagnostic(`a store applied right after was taken up in ${(performance.now() - start).toFixed(0)} ms`);
  await eventually('the second store is ready', 60, async () => {
    return (await read('kvstore', tenant.namespace, 'second'))?.status?.phase === 'Ready' || undefined;
  });
});
