import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { apply, eventually, kubectl, read } from './cluster.ts';
import type { LoadReport } from './load.ts';
import { keyAt, loadShards } from './shard-load.ts';
import { answering, createTenant, store, type Tenant } from './tenant.ts';

const SHARDS = 3;
const ordinals = [...Array(SHARDS).keys()];
const kept = ordinals.flatMap((shard) => Array.from({ length: 100 }, (_, i) => keyAt(shard, SHARDS, `kept-${i}`)));
const pods = ordinals.map((shard) => `main-redis-${shard}`);
const spec = { version: '8.0', memory: '32Mi', shards: SHARDS };

/** What is true once all that was asked for is done, and all shards have their slots. */
function settled({ namespace }: Tenant, seconds = 120, isDone = (_: { version?: string }) => true): Promise<true> {
  return eventually(`${namespace}: all shards are ready`, seconds, async () => {
    const { metadata, status } = await read('kvstore', namespace, 'main');
    const members: { ready: boolean; slots?: number }[] = status?.members ?? [];
    const slots = members.reduce((sum, member) => sum + (member.ready ? (member.slots ?? 0) : 0), 0);
    const isReady = status?.phase === 'Ready' && status.observedGeneration === metadata.generation;
    return (isReady && slots === 16_384 && isDone(status)) || undefined;
  });
}

async function writeKept(tenant: Tenant): Promise<void> {
  for (let i = 0; i < kept.length; i += 100) {
    const ops = kept.slice(i, i + 100).map((key) => ({ op: 'set', key, value: key }));
    const { status, text } = await tenant.request('POST', '/infra/kv', { ops });
    assert.ok(status === 200 && !text.includes('"error"'), text);
  }
}

async function assertKept(tenant: Tenant): Promise<void> {
  for (let i = 0; i < kept.length; i += 100) {
    const keys = kept.slice(i, i + 100);
    const { body } = await tenant.request('POST', '/infra/kv', { ops: keys.map((key) => ({ op: 'get', key })) });
    assert.deepEqual(
      body.results.map(({ value }: { value: unknown }) => value),
      keys,
    );
  }
}

const uids = ({ namespace }: Tenant) =>
  Promise.all(pods.map(async (name) => (await read('pod', namespace, name))?.metadata.uid as string | undefined));

const shown = (reports: readonly LoadReport[]) =>
  reports.map(
    ({ requests, failures, longestGapMs, slowestMs }, shard) =>
      `shard ${shard}: ${requests} requests, failed: ${JSON.stringify(failures)}, longest gap ${longestGapMs.toFixed(0)} ms, slowest answer ${slowestMs.toFixed(0)} ms`,
  );

test('a store of shards through an upgrade, a change of memory and a hibernation', async (t) => {
  const tenant = await createTenant(t, 'shard-life', { ...spec, version: '7.0' });
  const { namespace } = tenant;
  await settled(tenant);
  await writeKept(tenant);

  await t.test('an upgrade goes shard by shard, and no acknowledged write is lost', async (t) => {
    const before = await uids(tenant);
    const client = loadShards(tenant, SHARDS, 100, 'upgrade');
    await sleep(1000);
    await apply(store(namespace, spec));
    await settled(tenant, 240, ({ version }) => version?.startsWith('8.0') === true);
    await sleep(1000);
    assert.deepEqual(await client.stop(), [], 'acknowledged and lost');
    for (const line of shown(client.reports)) t.diagnostic(line);
    for (const { failures } of client.reports)
      for (const outcome of Object.keys(failures)) assert.match(outcome, /^(GET 503|PUT 50[34])$/);
    assert.ok((await uids(tenant)).every((uid, i) => uid !== before[i]));
    await assertKept(tenant);
  });

  await t.test('more memory reaches every shard, and none is restarted', async () => {
    const before = await uids(tenant);
    const client = loadShards(tenant, SHARDS, 100, 'memory');
    await apply(store(namespace, { ...spec, memory: '48Mi' }));
    await eventually('three times the memory', 90, async () => {
      const { status } = await read('kvstore', namespace, 'main');
      return status?.memory?.limit === SHARDS * 48 * 2 ** 20 || undefined;
    });
    await settled(tenant);
    assert.deepEqual(await client.stop(), []);
    assert.deepEqual(
      client.reports.map(({ failures }) => failures),
      ordinals.map(() => ({})),
    );
    assert.deepEqual(await uids(tenant), before);
  });

  await t.test('a shard whose pod is killed fails what is at it, and nothing else', async (t) => {
    const client = loadShards(tenant, SHARDS, 100, 'killed');
    await sleep(1000);
    await kubectl('delete', 'pod', '-n', namespace, 'main-redis-1', '--grace-period=0', '--force');
    await eventually('it is another pod, which serves', 90, async () => {
      const answers = await tenant.request('PUT', `/infra/kv/${keyAt(1, SHARDS, 'probe')}`, { value: 1 });
      return answers.status === 200 || undefined;
    });
    await settled(tenant);
    assert.deepEqual(await client.stop(), [], 'acknowledged and lost');
    for (const line of shown(client.reports)) t.diagnostic(line);
    for (const shard of [0, 2]) assert.deepEqual(client.reports[shard]?.failures, {}, `shard ${shard}`);
    await assertKept(tenant);
  });

  await t.test('hibernated and woken, it has what it had', async () => {
    await apply(store(namespace, { ...spec, memory: '48Mi', enabled: false }));
    await eventually('no pod is left', 90, async () => {
      const left = await kubectl('get', 'pods', '-n', namespace, '-o', 'name');
      return left === '' || undefined;
    });
    await eventually('it says so', 30, async () => {
      const { status, body } = await tenant.request('GET', `/infra/kv/${kept[0]}`);
      return (status === 503 && body?.code === 'store_hibernated') || undefined;
    });
    await apply(store(namespace, { ...spec, memory: '48Mi', enabled: true }));
    await settled(tenant);
    await answering(tenant);
    await assertKept(tenant);
  });
});

test('the volumes of a deleted store of shards stay or go as its deletionPolicy says', async (t) => {
  const tenant = await createTenant(t, 'shard-end', spec);
  const { namespace } = tenant;
  await settled(tenant);
  await writeKept(tenant);
  const claims = async () => (await kubectl('get', 'pvc', '-n', namespace, '-o', 'name')).split('\n').filter(Boolean);
  const remove = async () => {
    await kubectl('delete', 'kvstore', 'main', '-n', namespace, '--timeout=60s');
    await eventually('no pod is left', 90, async () => {
      return (await kubectl('get', 'pods', '-n', namespace, '-o', 'name')) === '' || undefined;
    });
  };
  await remove();
  assert.equal((await claims()).length, SHARDS);
  await apply(store(namespace, { ...spec, deletionPolicy: 'Delete' }));
  await settled(tenant);
  await eventually('the data is as it was', 30, async () => {
    await assertKept(tenant);
    return true;
  });
  await remove();
  await eventually('the claims are gone', 60, async () => ((await claims()).length === 0 ? true : undefined));
});
