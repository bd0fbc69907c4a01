import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { passwordsToTry, type RedisUser, redisPassword } from '../../../contract/credentials.ts';
import type { KVStore } from '../../../contract/objects.ts';
import { createPool } from '../../../dataplane/store/pool.ts';
import type { KubeObject } from '../../../kube/object.ts';
import { secrets } from '../../../kube/resources.ts';
import { runStore, type StoreRedis } from './store-redis.ts';
import {
  createNamespace,
  createStore,
  editStore,
  kvStores,
  masterKey,
  reasonOf,
  settled,
  startCluster,
  startWorld,
  statusWhen,
  until,
  writesIn,
} from './world.ts';

type Secret = KubeObject & { data?: Record<string, string> };

const { server, client } = await startCluster();

const keyOf = (namespace: string) => ({ namespace, name: 'main' });

const annotate = (namespace: string, value: string | null, annotation = 'cubby.dev/rotate') =>
  client.patch(kvStores, keyOf(namespace), { metadata: { annotations: { [annotation]: value } } }, { type: 'merge' });

const patchStatus = (namespace: string, status: object) =>
  client.patch(kvStores, keyOf(namespace), { status }, { type: 'merge', subresource: 'status' });

const find = async (namespace: string) => (await client.get(kvStores, keyOf(namespace))) as unknown as KVStore;

/** A connection that is not made again, given only where the user was let in. */
async function signIn(t: TestContext, { server }: StoreRedis, username: RedisUser, password: string): Promise<Redis> {
  // RESP3 would greet before it signs in.
  const options = { port: server.port, username, password, lazyConnect: true, enableReadyCheck: false, protocol: 2 };
  const redis = new Redis({ ...options, disableClientInfo: true, retryStrategy: () => null } as never);
  redis.on('error', () => {});
  t.after(() => redis.disconnect());
  await redis.connect();
  await redis.ping();
  return redis;
}

/** Whether the user is let in with the password of that generation. */
async function accepts(t: TestContext, store: StoreRedis, uid: string, generation: number, user: RedisUser) {
  const password = redisPassword(masterKey, uid, generation, user);
  return signIn(t, store, user, password).then(
    (redis) => {
      redis.disconnect();
      return true;
    },
    () => false,
  );
}

async function publishedPassword(namespace: string): Promise<string> {
  const secret = await client.get<Secret>(secrets, { namespace, name: 'main-redis-access' });
  return Buffer.from(secret?.data?.password ?? '', 'base64').toString();
}

for (const version of ['7.0', '8.0'] as const) {
  test(`Redis ${version}: new credentials come with no failed request, and the old ones end`, async (t) => {
    const world = await startWorld(t, server, { credentialOverlapSeconds: 10 });
    const namespace = await createNamespace(client, `rotate-${version.replace('.', '-')}`);
    await createStore(world, namespace, { version, access: { redis: true } });
    const store = await runStore(t, world, namespace, version, '10.0.0.1');
    await statusWhen(world, namespace, 'is ready', (s) => s.phase === 'Ready' && s.credentials?.masterKey);
    const { uid } = (await find(namespace)).metadata;
    const before = await publishedPassword(namespace);
    const native = await signIn(t, store, 'native', before);
    const operator = await store.admin.client('ID');

    // A data plane that hears of a new status late, as it may.
    let generation = 1;
    const pool = createPool({
      limits: { waitMs: 2000, inFlight: 100, waiting: 100 },
      connectTimeoutMs: 1000,
      commandTimeoutMs: 2000,
      idleCloseMs: 60_000,
      password: (address) => passwordsToTry({ current: masterKey }, uid, address.credentialGeneration, 'dataplane'),
      report: () => {},
    });
    t.after(() => pool.close());
    const load = { running: true, done: 0 };
    const clients = Array.from({ length: 4 }, async (_, each) => {
      for (; load.running; load.done++) {
        const address = { uid, host: store.server.host, port: store.server.port, credentialGeneration: generation };
        const opened = pool.open(address);
        await opened.set(`k${each}`, Buffer.from(String(load.done)));
        await opened.get(`k${each}`);
        await native.ping();
        // What the Secret says leads in at any moment.
        if (load.done % 20 === 0) await signIn(t, store, 'native', await publishedPassword(namespace));
        await sleep(10);
      }
    });

    await annotate(namespace, '2026-01-01T00:00:00Z');
    const rotating = await statusWhen(world, namespace, 'rotates', (s) => s.credentialGeneration === 2);
    assert.equal(rotating.credentials?.previousGeneration, 1);
    await sleep(300);
    generation = 2;
    await until('another password is published', async () => (await publishedPassword(namespace)) !== before);
    await signIn(t, store, 'native', before);
    for (const user of ['dataplane', 'operator', 'native'] as const)
      for (const each of [1, 2]) assert.ok(await accepts(t, store, uid, each, user), `${user} of generation ${each}`);

    await until('there was traffic', async () => load.done > 100);
    load.running = false;
    await Promise.all(clients);
    const closed = once(native, 'close');
    const after = await statusWhen(world, namespace, 'is done', (s) => s.credentials?.previousGeneration === undefined);
    assert.deepEqual(
      [after.credentialGeneration, after.credentials?.rotatedFor, after.phase],
      [2, '2026-01-01T00:00:00Z', 'Ready'],
    );
    await closed;
    for (const user of ['dataplane', 'operator', 'native'] as const) {
      assert.ok(!(await accepts(t, store, uid, 1, user)), `${user} of generation 1`);
      assert.ok(await accepts(t, store, uid, 2, user), `${user} of generation 2`);
    }
    assert.equal(await store.admin.client('ID'), operator, 'nobody else was thrown out');
    const told = world.events.filter(({ about }) => about === 'KVStore/main').map(({ reason }) => reason);
    assert.deepEqual(
      told.filter((reason) => /Credentials|Access/.test(reason)),
      ['CredentialsRotated', 'AccessRenewed', 'AccessRenewed'],
    );
    assert.ok(!JSON.stringify([world.events, world.failures]).includes(before));

    await store.crash();
    assert.ok(await accepts(t, store, uid, 2, 'dataplane'), 'also after a restart');
    await settled(world);
    const writes = writesIn(world, namespace).length;
    await sleep(2_500);
    assert.deepEqual(writesIn(world, namespace).slice(writes), []);
  });
}

test('an operator that ended at any point of a rotation is followed by one that brings it to its end', async (t) => {
  const world = await startWorld(t, server, { credentialOverlapSeconds: 1 });
  const namespace = await createNamespace(client, 'crash');
  await createStore(world, namespace, { version: '8.0' });
  const store = await runStore(t, world, namespace, '8.0', '10.0.0.2');
  await statusWhen(world, namespace, 'is ready', (s) => s.phase === 'Ready' && s.credentials?.masterKey);
  const { uid, annotations } = (await find(namespace)).metadata;
  assert.equal(annotations, undefined);

  // The status was written and nothing else, and the operator was away for longer than the overlap.
  await world.operator.stop();
  await annotate(namespace, '2026-01-01T00:00:00Z');
  const credentials = {
    rotatedFor: '2026-01-01T00:00:00Z',
    previousGeneration: 1,
    previousUntil: '2026-01-01T01:00:00Z',
  };
  await patchStatus(namespace, { credentialGeneration: 2, credentials });
  assert.ok(await accepts(t, store, uid, 1, 'dataplane'), 'the data plane is let in with the one before');
  await world.restartOperator();
  await statusWhen(world, namespace, 'is done', (s) => s.credentials?.previousGeneration === undefined);
  await until('the new one alone is taken', async () => !(await accepts(t, store, uid, 1, 'dataplane')));
  assert.ok(await accepts(t, store, uid, 2, 'dataplane'));
  assert.equal((await find(namespace)).status?.credentialGeneration, 2, 'one request is one rotation');

  // Redis had the new users already, and lost them with a file that was too old.
  await annotate(namespace, '2026-01-02T00:00:00Z');
  await statusWhen(world, namespace, 'rotates', (s) => s.credentialGeneration === 3);
  await world.restartOperator();
  await statusWhen(world, namespace, 'is done', (s) => s.credentials?.previousGeneration === undefined);
  await until('the third is taken', () => accepts(t, store, uid, 3, 'dataplane'));
  assert.deepEqual(world.failures, []);
});

test('requests wait for each other, and none is lost', async (t) => {
  const world = await startWorld(t, server, { credentialOverlapSeconds: 2 });
  const namespace = await createNamespace(client, 'twice');
  await createStore(world, namespace, { version: '8.0' });
  const store = await runStore(t, world, namespace, '8.0', '10.0.0.3');
  await statusWhen(world, namespace, 'is ready', (s) => s.phase === 'Ready');
  const { uid } = (await find(namespace)).metadata;
  await annotate(namespace, '2026-01-01T00:00:00Z');
  await statusWhen(world, namespace, 'rotates', (s) => s.credentialGeneration === 2);
  await annotate(namespace, '2026-01-02T00:00:00Z');
  await statusWhen(world, namespace, 'rotates again', (s) => s.credentialGeneration === 3);
  await statusWhen(world, namespace, 'is done', (s) => s.credentials?.previousGeneration === undefined);
  await until('the last is taken', () => accepts(t, store, uid, 3, 'dataplane'));
  assert.ok(!(await accepts(t, store, uid, 1, 'dataplane')));
});

test('what is no time is told and rotates nothing; a new store has nothing to rotate', async (t) => {
  const world = await startWorld(t, server, { credentialOverlapSeconds: 1 });
  const namespace = await createNamespace(client, 'malformed');
  const metadata = { ...keyOf(namespace), annotations: { 'cubby.dev/rotate': '2026-01-01T00:00:00Z' } };
  await client.create(kvStores, {
    apiVersion: 'cubby.dev/v1alpha1',
    kind: 'KVStore',
    metadata,
    spec: { version: '8.0', memory: '32Mi' },
  });
  await runStore(t, world, namespace, '8.0', '10.0.0.4');
  const status = await statusWhen(world, namespace, 'is ready', (s) => s.phase === 'Ready');
  assert.equal(status.credentialGeneration, 1);
  await annotate(namespace, 'now');
  const refused = await statusWhen(world, namespace, 'refuses', (s) => reasonOf(s, 'SpecAccepted', 'False'));
  assert.equal(reasonOf(refused, 'SpecAccepted', 'False'), 'RotateMalformed');
  assert.equal(refused.credentialGeneration, 1);
  await annotate(namespace, '2026-01-02T00:00:00Z');
  await statusWhen(world, namespace, 'rotates', (s) => s.credentialGeneration === 2);
});

test('a store that sleeps has its new password when it wakes', async (t) => {
  const world = await startWorld(t, server, { credentialOverlapSeconds: 1 });
  const namespace = await createNamespace(client, 'asleep');
  await createStore(world, namespace, { version: '8.0', enabled: false });
  await statusWhen(world, namespace, 'sleeps', (s) => s.phase === 'Hibernated');
  const { uid } = (await find(namespace)).metadata;
  await annotate(namespace, '2026-01-02T00:00:00Z');
  await statusWhen(world, namespace, 'is done', (s) => s.credentials?.rotatedFor && !s.credentials.previousUntil);
  await editStore(world, namespace, { enabled: true });
  const store = await runStore(t, world, namespace, '8.0', '10.0.0.5');
  await statusWhen(world, namespace, 'is ready', (s) => s.phase === 'Ready');
  assert.ok(await accepts(t, store, uid, 2, 'dataplane'));
  assert.ok(!(await accepts(t, store, uid, 1, 'dataplane')));
});
