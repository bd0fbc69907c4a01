import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apply, condition, eventually, kubectl, read } from './cluster.ts';
import { noOwnImages, provideImage } from './images/provide.ts';
import { load } from './load.ts';
import { answering, createTenant, store, type Tenant } from './tenant.ts';

const KEYS = 200;

/** Writes keys and reads them back: resolves with how many of them are as they were written. */
async function writeKeys(tenant: Tenant): Promise<void> {
  for (let n = 0; n < KEYS; n++) {
    const { status } = await tenant.request('PUT', `/infra/kv/kept-${n}`, { value: { n } });
    assert.equal(status, 200);
  }
}

async function assertKeysKept(tenant: Tenant): Promise<void> {
  for (let n = 0; n < KEYS; n++)
    assert.deepEqual((await tenant.request('GET', `/infra/kv/kept-${n}`)).body.value, { n }, `kept-${n}`);
}

const statusOf = async ({ namespace }: Tenant) => (await read('kvstore', namespace, 'main')).status;

const runs = (tenant: Tenant, version: string, seconds: number) =>
  eventually(`Redis ${version} serves`, seconds, async () => {
    const status = await statusOf(tenant);
    return (status.version.startsWith(version) && condition({ status }, 'Ready')?.status === 'True') || undefined;
  });

const refused = (tenant: Tenant, reason: string, seconds: number) =>
  eventually(`SpecAccepted says ${reason}`, seconds, async () => {
    const found = condition({ status: await statusOf(tenant) }, 'SpecAccepted');
    return found?.status === 'False' && found.reason === reason ? found.message : undefined;
  });

/** What the Event of that reason says of the store, once there is one. */
const told = ({ namespace }: Tenant, reason: string) =>
  eventually(`an Event ${reason}`, 30, async () => {
    const selector = `--field-selector=involvedObject.name=main,reason=${reason}`;
    const found = await kubectl('get', 'events', '-n', namespace, selector, '-o', 'jsonpath={.items[*].message}');
    return found === '' ? undefined : found;
  });

test('an upgrade under load keeps every key and acknowledged write, and the way back is refused', async (t) => {
  const tenant = await createTenant(t, 'e2e-upgrade');
  await writeKeys(tenant);
  const client = load(tenant, 50);
  await apply(store(tenant.namespace, { version: '8.0' }));
  await runs(tenant, '8.0', 120);
  assert.deepEqual(await client.stop(), [], 'acknowledged and lost');
  const { failures, longestGapMs } = client.report;
  t.diagnostic(`longest time between two answers: ${longestGapMs.toFixed(0)} ms; failed: ${JSON.stringify(failures)}`);
  for (const outcome of Object.keys(failures)) assert.match(outcome, /^(GET 503|PUT 50[34])$/);
  await assertKeysKept(tenant);
  const [, after = '', before = ''] =
    /^Redis 8\.0\.\d+ has (\d+) keys.*Redis 7\.0\.\d+ had (\d+) keys/.exec(await told(tenant, 'KeysCompared')) ?? [];
  assert.ok(Number(before) >= KEYS && Number(after) >= Number(before), `${before} keys before, ${after} after`);

  await apply(store(tenant.namespace, { version: '7.0' }));
  await refused(tenant, 'DowngradeRefused', 60);
  await assertKeysKept(tenant);
});

test('an image that passes its trial and fails on the data is rolled back by itself, and the data is as it was', {
  skip: noOwnImages,
}, async (t) => {
  const tenant = await createTenant(t, 'e2e-rollback');
  await writeKeys(tenant);
  const image = await provideImage('redis-that-fails');
  const start = performance.now();
  await apply(store(tenant.namespace, { image }));
  const message = await refused(tenant, 'RolledBack', 240);
  assert.match(message, new RegExp(`did not start with ${image}`));
  await runs(tenant, '7.0', 60);
  t.diagnostic(`served again ${((performance.now() - start) / 1000).toFixed(0)} s after the change of spec`);
  await assertKeysKept(tenant);
  const { metadata } = await read('pod', tenant.namespace, 'main-redis-0');
  await apply(store(tenant.namespace, { image, memory: '40Mi' }));
  await eventually('another change is taken over meanwhile', 60, async () => {
    return (await statusOf(tenant)).memory?.limit === 40 * 2 ** 20 || undefined;
  });
  const now = await read('pod', tenant.namespace, 'main-redis-0');
  assert.equal(now.metadata.uid, metadata.uid, 'what failed is not tried again');

  await apply(store(tenant.namespace, { version: '8.0' }));
  await runs(tenant, '8.0', 120);
  await answering(tenant);
  await assertKeysKept(tenant);
});
