import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { masterKeyId, parseMasterKeys, type RedisUser, redisPassword } from '../../../contract/credentials.ts';
import type { KVStore } from '../../../contract/objects.ts';
import type { KubeObject } from '../../../kube/object.ts';
import { secrets } from '../../../kube/resources.ts';
import type { Config } from '../../../operator/config.ts';
import { runStore, type StoreRedis } from './store-redis.ts';
import {
  createNamespace,
  createStore,
  editStore,
  kvStores,
  masterKey,
  SYSTEM_NAMESPACE,
  settled,
  startCluster,
  startWorld,
  statusWhen,
  until,
  type World,
  writesIn,
} from './world.ts';

type Secret = KubeObject & { data?: Record<string, string> };

const { server, client } = await startCluster();
const location = { namespace: SYSTEM_NAMESPACE, name: 'cubby-master-key' };
const encode = (key: Uint8Array | null) => key && Buffer.from(Buffer.from(key).toString('base64')).toString('base64');

/** The Secret, and the keys in it. */
async function readSecret() {
  const secret = await client.get<Secret>(secrets, location);
  assert.ok(secret);
  const text = (name: string) => Buffer.from(secret.data?.[name] ?? '', 'base64').toString();
  return {
    annotations: secret.metadata.annotations ?? {},
    keys: parseMasterKeys(text('master-key'), text('previous-master-key')),
  };
}

const write = (data: Record<string, Uint8Array | null>, annotations: Record<string, string | null> = {}) =>
  client.patch(
    secrets,
    location,
    {
      data: Object.fromEntries(Object.entries(data).map(([name, key]) => [name, encode(key)])),
      metadata: { annotations },
    },
    { type: 'merge' },
  );

/** An operator on stores of its own, whose master key is at first that of the tests. */
async function begin(t: TestContext, config: Partial<Config> = {}): Promise<World> {
  await client.delete(secrets, location);
  const metadata = { ...location };
  await client.create<Secret>(secrets, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata,
    data: { 'master-key': encode(masterKey) ?? '' },
  });
  const world = await startWorld(t, server, { credentialOverlapSeconds: 1, ...config });
  t.after(async () => {
    for (const { metadata } of (await client.list(kvStores)).items) await client.delete(kvStores, metadata);
  });
  return world;
}

interface Running extends StoreRedis {
  namespace: string;
  uid: string;
}

async function run(t: TestContext, world: World, name: string, podIP: string): Promise<Running> {
  const namespace = await createNamespace(client, name);
  await createStore(world, namespace, { version: '8.0' });
  const store = await runStore(t, world, namespace, '8.0', podIP);
  await statusWhen(world, namespace, 'is ready', (s) => s.phase === 'Ready' && s.credentials?.masterKey);
  const { metadata } = (await client.get(kvStores, { namespace, name: 'main' })) as unknown as KVStore;
  return { ...store, namespace, uid: metadata.uid };
}

/** Whether the user is let in with the password under that key. */
async function accepts({ server, uid }: Running, key: Uint8Array, user: RedisUser = 'dataplane'): Promise<boolean> {
  const redis = new Redis({
    port: server.port,
    lazyConnect: true,
    enableReadyCheck: false,
    protocol: 2,
    disableClientInfo: true,
  });
  redis.on('error', () => {});
  await redis.connect();
  try {
    await redis.call('AUTH', user, redisPassword(key, uid, 1, user));
    return true;
  } catch {
    return false;
  } finally {
    redis.disconnect();
  }
}

/** Waits until no previous key is left; the one that is there. */
const rotated = (from: Uint8Array) =>
  until('the rotation is over', async () => {
    const { keys } = await readSecret();
    return keys.previous === undefined && Buffer.compare(keys.current, from) !== 0 && keys.current;
  });

test('a rotation reaches every store, waits for those that it cannot reach, and then the old key is of no use', async (t) => {
  const world = await begin(t);
  const stores = [await run(t, world, 'one', '10.1.0.1'), await run(t, world, 'two', '10.1.0.2')];
  const pausing = await run(t, world, 'pausing', '10.1.0.3');
  const asleep = await createNamespace(client, 'asleep');
  await createStore(world, asleep, { enabled: false });
  await statusWhen(world, asleep, 'sleeps', (s) => s.phase === 'Hibernated');
  const pause = (value: string | null) =>
    client.patch(
      kvStores,
      { namespace: 'pausing', name: 'main' },
      { metadata: { annotations: { 'cubby.dev/paused': value } } },
      { type: 'merge' },
    );
  await pause('true');
  await statusWhen(world, 'pausing', 'is paused', (s) => s.conditions?.some(({ type }) => type === 'Paused'));

  await write({}, { 'cubby.dev/rotate': 'because it leaked' });
  const { keys } = await until('there are two keys', async () => {
    const read = await readSecret();
    return read.keys.previous && read;
  });
  assert.deepEqual(Buffer.from(keys.previous ?? ''), masterKey);
  const id = masterKeyId(keys.current);
  for (const { namespace } of stores)
    await statusWhen(world, namespace, 'has both', (s) => s.credentials?.masterKey === id);
  for (const store of stores)
    for (const key of [keys.current, masterKey]) {
      assert.ok(await accepts(store, key));
      assert.ok(await accepts(store, key, 'operator'));
    }
  const late = await run(t, world, 'late', '10.1.0.4');
  for (const key of [keys.current, masterKey]) assert.ok(await accepts(late, key));
  const waits = '4 of 5 stores accept the new key; waiting for pausing/main (Paused)';
  await until('it waits', async () => (await readSecret()).annotations['cubby.dev/rotation-progress'] === waits);
  await sleep(1_500);
  assert.ok((await readSecret()).keys.previous, 'longer than the overlap');
  assert.ok(await accepts(pausing, masterKey));

  await world.restartOperator({ credentialOverlapSeconds: 1 });
  await pause(null);
  assert.deepEqual(await rotated(masterKey), keys.current);
  for (const store of [...stores, pausing, late]) {
    await until(`${store.namespace} has one key`, async () => !(await accepts(store, masterKey)));
    assert.ok(await accepts(store, keys.current));
    assert.ok(!(await accepts(store, masterKey, 'operator')));
  }
  await editStore(world, asleep, { enabled: true });
  const woken = await runStore(t, world, asleep, '8.0', '10.1.0.5');
  const { metadata } = (await client.get(kvStores, { namespace: asleep, name: 'main' })) as unknown as KVStore;
  assert.ok(await accepts({ ...woken, namespace: asleep, uid: metadata.uid }, keys.current));

  const reasons = world.events.filter(({ about }) => about === 'Secret/cubby-master-key').map(({ reason }) => reason);
  assert.deepEqual(reasons, ['MasterKeyRotated', 'MasterKeyRotationFinished']);
  const said = JSON.stringify([world.events, world.failures]);
  for (const key of [keys.current, masterKey]) assert.ok(!said.includes(Buffer.from(key).toString('base64')));
  await settled(world);
  const writes = writesIn(world, SYSTEM_NAMESPACE).length;
  await sleep(2_500);
  assert.equal(writesIn(world, SYSTEM_NAMESPACE).length, writes);
});

test('two operators that are asked at once make one key, and asking again for the same makes none', async (t) => {
  const world = await begin(t);
  const other = await startWorld(t, server, { credentialOverlapSeconds: 1 });
  const store = await run(t, world, 'contended', '10.1.1.1');
  other.redisAt.set('10.1.1.1', { host: store.server.host, port: store.server.port });
  await write({}, { 'cubby.dev/rotate': 'once' });
  const key = await rotated(masterKey);
  const made = [...world.events, ...other.events].filter(({ reason }) => reason === 'MasterKeyRotated');
  assert.equal(made.length, 1);
  await until('the store has it', () => accepts(store, key));
  await world.restartOperator();
  await sleep(1_500);
  assert.deepEqual((await readSecret()).keys, { current: key });
});

test('an operator that ended right after it made a key is followed by one that brings it to the stores', async (t) => {
  const world = await begin(t);
  const store = await run(t, world, 'ended', '10.1.2.1');
  await world.operator.stop();
  const key = Buffer.alloc(32, 1);
  // An hour ago: the overlap alone must not end it.
  const annotations = { 'cubby.dev/rotating-to': masterKeyId(key), 'cubby.dev/rotating-since': '2026-01-01T00:00:00Z' };
  await write({ 'master-key': key, 'previous-master-key': masterKey }, annotations);
  assert.ok(!(await accepts(store, key)));
  await world.restartOperator();
  assert.deepEqual(await rotated(masterKey), key);
  await until('the store has it', async () => (await accepts(store, key)) && !(await accepts(store, masterKey)));
  await store.crash();
  assert.ok(await accepts(store, key));
});

test('a key that is written over, as by a backup, is kept as the previous one until the stores know the new one', async (t) => {
  const world = await begin(t);
  const store = await run(t, world, 'restored', '10.1.3.1');
  const key = Buffer.alloc(32, 2);
  await write({ 'master-key': key });
  assert.deepEqual(await rotated(masterKey), key);
  await until('the store has it', async () => (await accepts(store, key)) && !(await accepts(store, masterKey)));
  assert.ok(world.events.some(({ reason }) => reason === 'MasterKeyPreserved'));
  await write({ 'master-key': masterKey });
  assert.deepEqual(await rotated(key), masterKey);
  await until('the store has the old one again', () => accepts(store, masterKey));
  assert.deepEqual(world.failures, []);
});

test('a previous key that cannot be used is told, and nothing changes', async (t) => {
  const world = await begin(t);
  const store = await run(t, world, 'unusable', '10.1.4.1');
  await write({ 'master-key': Buffer.alloc(32, 3), 'previous-master-key': Buffer.from('secret') });
  await until('it is told', async () => world.events.some(({ reason }) => reason === 'MasterKeyInvalid'));
  await sleep(1_500);
  assert.ok(await accepts(store, masterKey));
  assert.ok(!(await accepts(store, Buffer.alloc(32, 3))));
  assert.ok(!JSON.stringify(world.events).includes('c2VjcmV0'));
  await write({ 'previous-master-key': masterKey });
  assert.deepEqual(await rotated(masterKey), Buffer.alloc(32, 3));
});

test('a Secret that is deleted is made anew with the key that the stores know', async (t) => {
  const world = await begin(t);
  await client.delete(secrets, location);
  await until('it is back', async () => (await client.get(secrets, location)) !== undefined);
  assert.deepEqual(Buffer.from((await readSecret()).keys.current), masterKey);
  assert.deepEqual(world.failures, []);
});
