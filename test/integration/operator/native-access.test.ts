import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { Redis } from 'ioredis';
import { aclPasswordHash } from '../../../contract/credentials.ts';
import type { KVStore } from '../../../contract/objects.ts';
import type { KubeObject } from '../../../kube/object.ts';
import { secrets } from '../../../kube/resources.ts';
import { runStore, type StoreRedis } from './store-redis.ts';
import {
  createNamespace,
  createStore,
  editStore,
  kvStores,
  reasonOf,
  settled,
  startCluster,
  startWorld,
  statusWhen,
  until,
  writesIn,
} from './world.ts';

type Secret = KubeObject & { type?: string; data?: Record<string, string> };

const { server, client: admin } = await startCluster();

const accessKey = (namespace: string) => ({ namespace, name: 'main-redis-access' });

/** What the Secret of native access says, decoded; undefined where there is none. */
async function binding(namespace: string): Promise<Record<string, string> | undefined> {
  const secret = await admin.get<Secret>(secrets, accessKey(namespace));
  const decode = ([key, value]: [string, string]) => [key, Buffer.from(value, 'base64').toString()];
  return secret && Object.fromEntries(Object.entries(secret.data ?? {}).map(decode));
}

/** A client as a program would have it, but that it does not connect again. It is given only where it was let in. */
async function signIn(t: TestContext, { server }: StoreRedis, username: string, password: string): Promise<Redis> {
  const redis = new Redis({ port: server.port, username, password, lazyConnect: true, retryStrategy: () => null });
  redis.on('error', () => {});
  t.after(() => redis.disconnect());
  await redis.connect();
  await redis.ping();
  return redis;
}

const allow = (namespace: string, redis: boolean) => editStore({ client: admin }, namespace, { access: { redis } });

for (const version of ['7.0', '8.0'] as const) {
  const suffix = version.replace('.', '-');

  test(`Redis ${version}: native access comes and goes without a restart, and without closing anybody else's connection`, async (t) => {
    const world = await startWorld(t, server);
    const namespace = await createNamespace(admin, `native-${suffix}`);
    await createStore(world, namespace, { version });
    const store = await runStore(t, world, namespace, version, '10.0.0.1');
    await statusWhen(world, namespace, 'is ready', (s) => s.phase === 'Ready');
    const other = await store.admin.client('ID');

    await allow(namespace, true);
    const { password = '', uri } = await until('the Secret', () => binding(namespace));
    assert.equal(uri, `redis://native:${password}@main-redis.${namespace}.svc:6379/0`);
    const native = await until('native is let in', () => signIn(t, store, 'native', password));
    const status = await statusWhen(world, namespace, 'is bound', (s) => s.binding && s.phase === 'Ready');
    assert.deepEqual(status.binding, { name: 'main-redis-access' });
    assert.equal((await admin.get<Secret>(secrets, accessKey(namespace)))?.type, 'servicebinding.io/redis');
    assert.equal(await native.set('key', 'value'), 'OK');
    const users = (await store.admin.call('ACL', 'LIST')) as string[];
    const seen = JSON.stringify([await native.config('GET', '*'), await native.info()]);
    for (const [hash] of users.join(' ').matchAll(/[0-9a-f]{64}/g)) assert.ok(!seen.includes(hash));

    const closed = once(native, 'close');
    await allow(namespace, false);
    await closed;
    await until('the Secret is gone', async () => !(await binding(namespace)));
    await statusWhen(world, namespace, 'is not bound', (s) => !s.binding && s.phase === 'Ready');
    await assert.rejects(signIn(t, store, 'native', password), /WRONGPASS|Connection is closed/);
    assert.equal(await store.admin.client('ID'), other, 'the same connection');
    assert.ok(!((await store.admin.call('ACL', 'LIST')) as string[]).some((line) => line.includes('native')));
    assert.ok(!JSON.stringify([world.events, world.failures]).includes(password));
    const told = world.events.map(({ reason }) => reason).filter((reason) => reason.startsWith('Access'));
    assert.deepEqual(told, ['AccessOpened', 'AccessClosed']);
    await settled(world);
    const writes = writesIn(world, namespace).length;
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    assert.deepEqual(writesIn(world, namespace).slice(writes), []);
  });

  test(`Redis ${version}: a Redis that starts anew takes native at once, and everything that native wrote is there`, async (t) => {
    const world = await startWorld(t, server);
    const namespace = await createNamespace(admin, `native-data-${suffix}`);
    await createStore(world, namespace, { version, access: { redis: true }, persistence: { fsync: 'always' } });
    const store = await runStore(t, world, namespace, version, '10.0.0.2');
    const { password = '' } = await until('the Secret', () => binding(namespace));
    const native = await signIn(t, store, 'native', password);
    await writeAll(native);
    const before = await dump(store.admin);
    assert.equal(before.length, 6);
    await store.crash();
    assert.deepEqual(await dump(store.admin), before);
    await signIn(t, store, 'native', password);
  });

  test(`Redis ${version}: a new generation of credentials is in the Secret, and the old password is refused`, async (t) => {
    const world = await startWorld(t, server);
    const namespace = await createNamespace(admin, `generation-${suffix}`);
    await createStore(world, namespace, { version, access: { redis: true } });
    const store = await runStore(t, world, namespace, version, '10.0.0.3');
    await statusWhen(world, namespace, 'is ready', (s) => s.phase === 'Ready' && s.binding);
    const { password: old = '' } = (await binding(namespace)) ?? {};
    const key = { namespace, name: 'main' };
    const status = { credentialGeneration: 2 };
    await admin.patch(kvStores, key, { status }, { type: 'merge', subresource: 'status' });
    await editStore(world, namespace, { reads: 'cached' });
    const now = await until('another password', async () => {
      const { password } = (await binding(namespace)) ?? {};
      return password !== old && password;
    });
    await store.crash();
    await until('the new one is taken', () => signIn(t, store, 'native', now));
    await assert.rejects(signIn(t, store, 'native', old), /WRONGPASS|Connection is closed/);
  });
}

test('a guest who fills what Redis says of itself keeps nobody from sending him out', async (t) => {
  const world = await startWorld(t, server);
  const namespace = await createNamespace(admin, 'errors');
  await createStore(world, namespace, { version: '7.0', access: { redis: true } });
  const store = await runStore(t, world, namespace, '7.0', '10.0.0.6');
  const { password = '' } = await until('the Secret', () => binding(namespace));
  const native = await until('native is let in', () => signIn(t, store, 'native', password));
  // Redis 7.0 counts each error by its first word, without an end.
  const script = "return redis.error_reply('-' .. ARGV[1] .. ' x')";
  const words = Array.from({ length: 30_000 }, (_, i) => `X${String(i).padStart(25, '0')}`);
  const pipeline = native.pipeline();
  for (const word of words) pipeline.eval(script, 0, word);
  await pipeline.exec();
  assert.ok((await native.info()).length > 2 ** 20);
  const closed = once(native, 'close');
  await allow(namespace, false);
  await closed;
  await statusWhen(world, namespace, 'is ready', (s) => !s.binding && s.phase === 'Ready');
});

test('a foreign Secret of that name is left alone and told, and the store serves; then it is made', async (t) => {
  const world = await startWorld(t, server);
  const namespace = await createNamespace(admin, 'foreign');
  const metadata = accessKey(namespace);
  const foreign = await admin.create<Secret>(secrets, { apiVersion: 'v1', kind: 'Secret', metadata, data: { a: '' } });
  await createStore(world, namespace, { access: { redis: true } });
  await runStore(t, world, namespace, '8.0', '10.0.0.4');
  const status = await statusWhen(world, namespace, 'is told', (s) => reasonOf(s, 'Degraded') === 'ResourceConflict');
  assert.equal(status.binding, undefined);
  await statusWhen(world, namespace, 'serves', (s) => reasonOf(s, 'Ready') === 'Serving');
  await allow(namespace, false);
  await statusWhen(world, namespace, 'is content', (s) => s.phase === 'Ready');
  assert.equal((await admin.get(secrets, metadata))?.metadata.resourceVersion, foreign.metadata.resourceVersion);
  await allow(namespace, true);
  await admin.delete(secrets, metadata);
  await statusWhen(world, namespace, 'is bound', (s) => s.binding && s.phase === 'Ready');
});

test('a shell is open until its time, and what holds it open then is closed', async (t) => {
  const world = await startWorld(t, server, { resyncSeconds: 3600 });
  const namespace = await createNamespace(admin, 'shell');
  await createStore(world, namespace, {}, 'main');
  const store = await runStore(t, world, namespace, '7.0', '10.0.0.5');
  await statusWhen(world, namespace, 'is ready', (s) => s.phase === 'Ready');
  await settled(world);
  const writes = writesIn(world, namespace).length;
  const annotate = (value: string | null) =>
    admin.patch(
      kvStores,
      { namespace, name: 'main' },
      { metadata: { annotations: { 'cubby.dev/shell': value } } },
      { type: 'merge' },
    );
  const open = (ms: number, password = 'secret') =>
    annotate(`${aclPasswordHash(password)}:${new Date(Date.now() + ms).toISOString()}`);

  await open(3_000);
  const shell = await until('the shell is open', () => signIn(t, store, 'shell', 'secret'));
  const closed = once(shell, 'close');
  assert.equal(await shell.set('key', 'value'), 'OK');
  const start = Date.now();
  await closed;
  assert.ok(Date.now() - start < 4_000);
  await assert.rejects(signIn(t, store, 'shell', 'secret'));

  await open(60_000);
  const first = await until('the shell is open again', () => signIn(t, store, 'shell', 'secret'));
  const firstClosed = once(first, 'close');
  await open(60_000, 'another');
  await firstClosed;
  await until('another password is taken', () => signIn(t, store, 'shell', 'another'));
  await annotate(null);
  await until('the shell is gone', async () =>
    signIn(t, store, 'shell', 'another').then(
      () => false,
      () => true,
    ),
  );
  const written = writesIn(world, namespace).slice(writes);
  assert.deepEqual(
    written.map(({ object }) => object),
    ['KVStore/main'],
    'a shell is no write, but that there was one',
  );
  assert.ok((await world.client.get<KVStore>(kvStores, { namespace, name: 'main' }))?.status?.nativeAccessSince);
  const told = world.events.map(({ reason }) => reason).filter((reason) => reason.startsWith('Shell'));
  assert.deepEqual(told, ['ShellOpened', 'ShellClosed', 'ShellOpened', 'ShellOpened', 'ShellClosed']);

  await open(9 * 3_600_000);
  const refused = await statusWhen(world, namespace, 'refuses', (s) => reasonOf(s, 'SpecAccepted', 'False'));
  assert.deepEqual(
    [reasonOf(refused, 'SpecAccepted', 'False'), reasonOf(refused, 'Ready')],
    ['ShellRefused', 'Serving'],
  );
  await assert.rejects(signIn(t, store, 'shell', 'secret'));
});

/** Writes in every way that has a transaction, a script or another database in it. */
async function writeAll(native: Redis): Promise<void> {
  const transaction = async (...commands: string[][]) => {
    await native.call('MULTI');
    for (const [name = '', ...args] of commands) await native.call(name, ...args);
    return native.call('EXEC');
  };
  await transaction(['SELECT', '1'], ['SET', 'a', '1'], ['SADD', 'b', '1']);
  await native.select(0);
  const library =
    "#!lua name=lib\nredis.register_function('f', function(k, a) redis.call('SET', k[1], a[1]) redis.call('INCR', 'fn') end)";
  await transaction(
    ['FUNCTION', 'LOAD', library],
    ['FCALL', 'f', '1', 'function', 'v'],
    ['XADD', 'stream', '*', 'f', 'v'],
    ['PUBLISH', 'channel', 'x'],
    ['COPY', 'function', 'copy', 'DB', '5'],
  );
  await native.eval(
    "redis.call('SELECT', 2) redis.call('SET', 's', '1') redis.pcall('INCR', 'stream', 'x') redis.call('SET', 's2', '1')",
    0,
  );
  await native.xgroup('CREATE', 'stream', 'group', '0');
  await native.xreadgroup('GROUP', 'group', 'one', 'STREAMS', 'stream', '>');
  await transaction(['EVAL', "redis.call('SELECT', 3) redis.call('SET', 'e', '1')", '0'], ['LPUSH', 'list', 'b', 'a']);
  await transaction(['SORT', 'list', 'ALPHA', 'STORE', 'sorted'], ['PEXPIRE', 'copy', '100000']);
}

/** Keys by database, and the libraries. */
async function dump(admin: Redis): Promise<string[]> {
  const found: string[] = [];
  for (const database of [0, 1, 2, 3, 5]) {
    await admin.select(database);
    found.push(`${database}: ${(await admin.keys('*')).sort().join(' ')}`);
  }
  await admin.select(0);
  return [...found, JSON.stringify(await admin.call('FUNCTION', 'LIST'))];
}
