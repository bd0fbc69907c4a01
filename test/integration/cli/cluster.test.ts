import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KVStore } from '../../../contract/objects.ts';
import { tokenType } from '../../../contract/token.ts';
import type { KubeObject } from '../../../kube/object.ts';
import { secrets } from '../../../kube/resources.ts';
import {
  createNamespace,
  createStore,
  createToken,
  kvStores,
  kvTokens,
  startWorld,
  statusWhen,
  until,
} from '../operator/world.ts';
import { startCliCluster } from './cluster.ts';
import { runCubby } from './cubby.ts';

const { server, client, env, cubby, json, report } = await startCliCluster();

test('stores are listed by namespace and in all, and an empty namespace is no failure', async () => {
  const [left, right] = [await createNamespace(client, 'list-left'), await createNamespace(client, 'list-right')];
  await createStore({ client }, left, { version: '7.0' });
  await createStore({ client }, right, { projectId: 'shop' });
  const { stores } = await json('stores', '-n', left);
  assert.equal(stores.length, 1);
  const { namespace, name, projectId, phase, requestedVersion } = stores[0];
  assert.deepEqual(
    [namespace, name, projectId, phase, requestedVersion],
    [left, 'main', `${left}.main`, 'Pending', '7.0'],
  );
  const all = await cubby('stores', '-A');
  assert.match(all.stdout, /^NAMESPACE +NAME +PHASE/);
  assert.match(all.stdout, /list-left +main +Pending/);
  assert.match(all.stdout, /list-right +main +Pending .* shop /);
  const none = await cubby('stores', '-n', 'default');
  assert.deepEqual([none.code, none.stdout], [0, '']);
  assert.deepEqual(await json('stores', '-n', 'default'), { stores: [] });
});

test('a store that is not there is told from one that is not named', async () => {
  const namespace = await createNamespace(client, 'which');
  const none = await cubby('status', '-n', namespace);
  assert.deepEqual([none.code, /there is no store in the namespace which/.test(none.stderr)], [3, true]);
  await createStore({ client }, namespace, {}, 'a');
  assert.equal((await cubby('status', '-n', namespace)).code, 0);
  await createStore({ client }, namespace, {}, 'b');
  const which = await cubby('status', '-n', namespace);
  assert.deepEqual([which.code, /has a, b: which one is meant/.test(which.stderr)], [2, true]);
  const other = await cubby('status', 'c', '-n', namespace);
  assert.deepEqual([other.code, /no store which\/c\n {2}the namespace which has a, b/.test(other.stderr)], [3, true]);
});

test('a hibernated store shows what it keeps, and nothing as if Redis ran', async () => {
  const namespace = await createNamespace(client, 'asleep');
  await createStore({ client }, namespace, { enabled: false, version: '8.0' });
  const memory = { limit: 32 * 2 ** 20, used: 5 * 2 ** 20 };
  const status = { phase: 'Hibernated', version: '8.0.2', keptKeys: 1234, memory };
  await client.patch(kvStores, { namespace, name: 'main' }, { status }, { type: 'merge', subresource: 'status' });
  const { stdout } = await cubby('status', '-n', namespace);
  assert.match(stdout, /version +8\.0\.2 ran, 8\.0 asked for/);
  assert.match(stdout, /memory +32Mi asked for/);
  assert.match(stdout, /keys +1234 kept/);
  const seen = await json('status', '-n', namespace);
  assert.deepEqual([seen.memory.used, seen.keptKeys, seen.keys], [null, 1234, null]);
});

test('a token is made, replaced and revoked by the operator, and its text is shown only on request', async (t) => {
  const world = await startWorld(t, server);
  const namespace = await createNamespace(client, 'tokens');
  await createStore(world, namespace, { projectId: 'tokens' });
  const made = await cubby('token', 'create', 'web', '-n', namespace);
  assert.equal(made.code, 0, made.stderr);
  assert.match(made.stdout, /^web is accepted: the Secret web holds it/);
  assert.equal((await cubby('token', 'create', 'web', '-n', namespace)).code, 7);

  const text = async () => {
    const secret = await client.get<KubeObject & { data: { token: string } }>(secrets, { namespace, name: 'web' });
    return Buffer.from(secret?.data.token ?? '', 'base64').toString();
  };
  const first = await text();
  const { tokens } = await json('token', 'list', '-n', namespace);
  assert.deepEqual([tokens[0].name, tokens[0].accepted, tokens[0].lastFour], ['web', true, first.slice(-4)]);
  const listed = await cubby('token', 'list', '-n', namespace);
  assert.ok(!`${made.stdout}${listed.stdout}${JSON.stringify(tokens)}`.includes(first));

  const rotated = await cubby('token', 'rotate', 'web', '-n', namespace, '--show');
  assert.equal(rotated.code, 0, rotated.stderr);
  assert.match(rotated.stderr, /the old token is accepted until 20/);
  const second = rotated.stdout.trim();
  assert.equal(tokenType(second), 'Project');
  assert.notEqual(second, first);
  assert.equal(second, await text());

  assert.equal((await cubby('token', 'revoke', 'web', '-n', namespace)).code, 0);
  assert.equal(await client.get(kvTokens, { namespace, name: 'web' }), undefined);
  assert.equal((await cubby('token', 'revoke', 'web', '-n', namespace)).code, 3);
});

test('a token that the operator refuses is told with its reason', async (t) => {
  const world = await startWorld(t, server);
  const namespace = await createNamespace(client, 'refused');
  await createStore(world, namespace, {});
  const key = [
    'token',
    'create',
    'key',
    '--type',
    'ApiKey',
    '--role',
    'SystemAdmin',
    '--timeout',
    '4s',
    '-n',
    namespace,
  ];
  const { code, stderr } = await cubby(...key);
  assert.equal(code, 1);
  assert.match(stderr, /the token key is not accepted: RoleNotAllowed/);
});

test('a token that was made over the API is not replaced', async () => {
  const namespace = await createNamespace(client, 'elsewhere');
  await createToken({ client }, namespace, { issued: { sha256: 'a'.repeat(64), lastFour: 'abcd' } });
  const { code, stderr } = await cubby('token', 'rotate', 'web', '-n', namespace);
  assert.equal(code, 2);
  assert.match(stderr, /was made over the API/);
});

test('a change that no operator takes up is unavailable, and goes on', async () => {
  const namespace = await createNamespace(client, 'alone');
  await createStore({ client }, namespace, { version: '7.0' });
  const { code, stderr } = await cubby('upgrade', 'main', '8.0', '-n', namespace, '--timeout', '1s');
  assert.equal(code, 5);
  assert.match(stderr, /from 7\.0 to 8\.0\n/);
  assert.match(stderr, /not done within 1s: waiting for the operator/);
  const store = await client.get<KubeObject & { spec: { version: string } }>(kvStores, { namespace, name: 'main' });
  assert.equal(store?.spec.version, '8.0');
  const quick = await cubby('disable', 'main', '-n', namespace, '--no-wait');
  assert.equal(quick.code, 0);
});

test('Ctrl-C ends the telling, says that the change goes on, and leaves it', async () => {
  const namespace = await createNamespace(client, 'interrupted');
  await createStore({ client }, namespace, { version: '7.0' });
  const args = ['upgrade', 'main', '8.0', '-n', namespace];
  const { code, stderr } = await runCubby(args, { env, interruptAt: /waiting for the operator/ });
  assert.equal(code, 130);
  assert.match(stderr, /interrupted: the change goes on; see it with: cubby status main -n interrupted/);
});

test('what the API server refuses is told in its words, as a fault of the caller', async () => {
  const namespace = await createNamespace(client, 'invalid');
  const { code, stderr } = await cubby('create', 'main', '--version', '8.0', '--memory', '1Mi', '-n', namespace);
  assert.equal(code, 2);
  assert.match(stderr, /spec\.memory/);
});

test('completion knows the stores and tokens of the namespace, and fails in silence', async () => {
  const namespace = await createNamespace(client, 'complete');
  await createStore({ client }, namespace, {}, 'main');
  await createToken({ client }, namespace, {}, 'web');
  const lines = async (...words: string[]) => (await cubby('__complete', ...words)).stdout.split('\n').filter(Boolean);
  assert.deepEqual(await lines('-n', namespace, 'status', ''), ['main\tstore']);
  assert.deepEqual(await lines('token', 'revoke', '-n', namespace, 'w'), ['web\ttoken']);
  assert.ok((await lines('sta'))[0]?.startsWith('status\t'));
  const away = await runCubby(['__complete', 'status', ''], { env: { KUBECONFIG: '/nonexistent' } });
  assert.deepEqual([away.code, away.stdout, away.stderr], [0, '', '']);
});

test('a namespace, a context and a kubeconfig that are not there are told', async () => {
  const context = await cubby('stores', '--context', 'other');
  assert.deepEqual([context.code, /no context other; it has test/.test(context.stderr)], [2, true]);
  const file = await cubby('stores', '--kubeconfig', '/nonexistent');
  assert.deepEqual([file.code, /nonexistent/.test(file.stderr)], [2, true]);
  const none = await runCubby(['stores']);
  assert.deepEqual([none.code, /there is no kubeconfig/.test(none.stderr)], [1, true]);
});

test('the passwords of a store are replaced on request, one rotation after the other', async (t) => {
  const world = await startWorld(t, server, { credentialOverlapSeconds: 2 });
  const namespace = await createNamespace(client, 'rotates');
  await createStore(world, namespace, { enabled: false });
  await statusWhen(world, namespace, 'sleeps', ({ phase }) => phase === 'Hibernated');
  const first = await cubby('rotate', 'main', '-n', namespace);
  assert.deepEqual([first.code, first.stderr], [0, '']);
  assert.match(first.stdout, /^the Redis of main takes new passwords, and those before until 2\d{3}-/);
  const { credentials } = await json('rotate', 'main', '-n', namespace);
  assert.ok(credentials.previousGeneration === 2, JSON.stringify(credentials));
  assert.equal((await cubby('rotate', 'none', '-n', namespace)).code, 3);
});

test('a failover is asked for and waited for; the status shows who is what', async () => {
  const namespace = await createNamespace(client, 'failover');
  await createStore({ client }, namespace);
  const alone = await cubby('failover', 'main', '-n', namespace);
  assert.deepEqual([alone.code, /spec\.replicas/.test(alone.stderr)], [2, true], alone.stderr);
  const key = { namespace, name: 'main' };
  const member = (ordinal: number, role: string) => ({
    name: `main-redis-${ordinal}`,
    role,
    ready: true,
    node: `node-${ordinal}`,
    ...(role === 'Replica' && { linked: true, lagBytes: 2048 }),
  });
  const members = [member(0, 'Primary'), member(1, 'Replica'), { name: 'main-redis-2', ready: false }];
  const status = { topology: { mode: 'Replicated', members: 3 }, members };
  await report(kvStores, key, status);
  const shown = await cubby('status', 'main', '-n', namespace);
  assert.match(shown.stdout, /main-redis-0 +Primary +ready +– +node-0\n/);
  assert.match(shown.stdout, /main-redis-1 +Replica +ready +2\.00 KiB +node-1\n/);
  assert.match(shown.stdout, /main-redis-2 +– +not ready +– +–\n/);
  const asked = cubby('failover', 'main', '-n', namespace);
  const request = await until('asked for', async () => {
    const store = await client.get<KVStore>(kvStores, key);
    return store?.metadata.annotations?.['cubby.dev/failover'];
  });
  await report(kvStores, key, { failover: { requestedFor: request } });
  await sleep(1000);
  const after = { members: [member(0, 'Replica'), member(1, 'Primary')] };
  await report(kvStores, key, after);
  const { code, stdout, stderr } = await asked;
  assert.equal(code, 0, stderr);
  assert.equal(stdout, 'main-redis-1 is the primary now, and was main-redis-0 before\n');
});
