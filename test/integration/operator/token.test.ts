import assert from 'node:assert/strict';
import { test } from 'node:test';
import { API_VERSION, type KVToken } from '../../../contract/objects.ts';
import { hashToken, tokenType } from '../../../contract/token.ts';
import type { KubeObject } from '../../../kube/object.ts';
import { resource, secrets } from '../../../kube/resources.ts';
import {
  createNamespace,
  createStore,
  createToken,
  kvStores,
  kvTokens,
  reasonOf,
  SYSTEM_NAMESPACE,
  settled,
  startCluster,
  startWorld,
  until,
  writesIn,
} from './world.ts';

type Status = NonNullable<KVToken['status']>;

const resourceQuotas = resource('v1', 'ResourceQuota', 'resourcequotas');

const { server, client: admin } = await startCluster();

const statusWhen = (namespace: string, what: string, holds: (status: Status) => unknown, name = 'web') =>
  until(`token ${namespace}/${name} ${what}`, async () => {
    const token = await admin.get<KVToken>(kvTokens, { namespace, name });
    const current = token?.status?.observedGeneration === token?.metadata.generation;
    return current && token?.status && holds(token.status) ? token.status : undefined;
  });

/** What the Secret says, decoded. */
async function content(namespace: string, name: string): Promise<Record<string, string>> {
  const secret = await admin.get<KubeObject & { data?: Record<string, string> }>(secrets, { namespace, name });
  const decode = ([key, value]: [string, string]) => [key, Buffer.from(value, 'base64').toString()];
  return Object.fromEntries(Object.entries(secret?.data ?? {}).map(decode));
}

test('a token is in its Secret, and only its hash in the status', async (t) => {
  const world = await startWorld(t, server);
  const namespace = await createNamespace(admin, 'issued');
  await createStore(world, namespace, { projectId: 'shop' });
  await createToken(world, namespace, { secretName: 'web-kv' });
  const status = await statusWhen(namespace, 'is ready', (s) => reasonOf(s, 'Ready') === 'Issued');
  const { token = '', url, projectId } = await content(namespace, 'web-kv');
  assert.equal(tokenType(token), 'Project');
  assert.equal(url, 'http://cubby-dataplane.cubby-system.svc');
  assert.equal(projectId, 'shop');
  assert.deepEqual(status.hashes, [hashToken(token)]);
  assert.equal(status.lastFour, token.slice(-4));
  assert.equal(status.prefix, 'sk_live_');
  assert.equal(status.projectId, 'shop');
  assert.ok(!JSON.stringify(status).includes(token));
  await settled(world);
  const before = writesIn(world, namespace).length;
  await world.restartOperator();
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  assert.deepEqual(writesIn(world, namespace).slice(before), [], 'nothing is written while nothing changes');
});

test('each type has its prefix, and an API key needs no store', async (t) => {
  const world = await startWorld(t, server);
  const namespace = await createNamespace(admin, 'types');
  await createStore(world, namespace);
  await createToken(world, namespace, { type: 'Deployment', storeRef: { name: 'main' } }, 'deployment');
  await createToken(world, namespace, { type: 'ApiKey' }, 'key');
  const deployment = await statusWhen(namespace, 'is ready', (s) => reasonOf(s, 'Ready'), 'deployment');
  const key = await statusWhen(namespace, 'is ready', (s) => reasonOf(s, 'Ready'), 'key');
  assert.deepEqual([deployment.prefix, key.prefix], ['dt_', 'tk_']);
  assert.equal(key.projectId, undefined);
  assert.equal((await content(namespace, 'key')).projectId, undefined);
});

test('a token may come before its store, and gets its project then', async (t) => {
  const world = await startWorld(t, server);
  const namespace = await createNamespace(admin, 'early');
  await createToken(world, namespace);
  const early = await statusWhen(
    namespace,
    'misses its store',
    (s) => reasonOf(s, 'Ready', 'False') === 'StoreNotFound',
  );
  assert.equal(early.hashes?.length, 1, 'issued all the same');
  await createStore(world, namespace);
  const late = await statusWhen(namespace, 'is ready', (s) => reasonOf(s, 'Ready'));
  assert.deepEqual(late.hashes, early.hashes);
  assert.equal((await content(namespace, 'web')).projectId, 'early.main');
  await admin.delete(kvStores, { namespace, name: 'main' });
  await statusWhen(namespace, 'misses it again', (s) => reasonOf(s, 'Ready', 'False') === 'StoreNotFound');
});

test("a hash that was copied from another's token is never accepted, also not when that token is gone", async (t) => {
  const world = await startWorld(t, server);
  const [owner, thief] = [await createNamespace(admin, 'owner'), await createNamespace(admin, 'thief')];
  for (const namespace of [owner, thief]) await createStore(world, namespace);
  await createToken(world, owner);
  const { hashes } = await statusWhen(owner, 'is ready', (s) => reasonOf(s, 'Ready'));
  const issued = { sha256: hashes?.[0], lastFour: 'wxyz' };
  await createToken(world, thief, { issued });
  const refused = await statusWhen(thief, 'is refused', (s) => reasonOf(s, 'Ready', 'False') === 'HashTaken');
  assert.deepEqual(refused.hashes, []);
  await admin.delete(kvTokens, { namespace: owner, name: 'web' });
  await world.restartOperator();
  await admin.patch(kvTokens, { namespace: thief, name: 'web' }, { spec: { scopes: ['kv:read'] } }, { type: 'merge' });
  const later = await statusWhen(thief, 'was looked at again', (s) => s.observedGeneration === 2);
  assert.deepEqual([later.hashes, reasonOf(later, 'Ready', 'False')], [[], 'HashTaken']);
});

test('a deleted or tampered Secret gives a new token, and the old one is refused from then on', async (t) => {
  const world = await startWorld(t, server);
  const namespace = await createNamespace(admin, 'reissue');
  await createStore(world, namespace);
  await createToken(world, namespace);
  let { hashes } = await statusWhen(namespace, 'is ready', (s) => reasonOf(s, 'Ready'));
  const key = { namespace, name: 'web' };
  const malformed = { data: { token: Buffer.from('sk_live_mine').toString('base64') } };
  const damages: [string, () => Promise<unknown>][] = [
    ['deleted', () => admin.delete(secrets, key)],
    ['malformed', () => admin.patch(secrets, key, malformed, { type: 'merge' })],
    ['emptied', () => admin.patch(secrets, key, { data: { token: null } }, { type: 'merge' })],
  ];
  for (const [what, damage] of damages) {
    await settled(world, 500);
    await damage();
    const old = hashes;
    const status = await statusWhen(
      namespace,
      `is issued anew after it was ${what}`,
      (s) => s.hashes?.[0] !== old?.[0],
    );
    await settled(world, 500);
    assert.deepEqual(status.hashes, [hashToken((await content(namespace, 'web')).token ?? '')], what);
    assert.equal(status.hashes?.length, 1);
    hashes = status.hashes;
  }
  assert.equal(world.events.filter(({ reason }) => reason === 'TokenReissued').length, damages.length);
});

test('a status that was lost between the Secret and the write is healed from the Secret', async (t) => {
  const world = await startWorld(t, server);
  const namespace = await createNamespace(admin, 'crash');
  await createStore(world, namespace);
  await createToken(world, namespace);
  const { hashes } = await statusWhen(namespace, 'is ready', (s) => reasonOf(s, 'Ready'));
  await settled(world, 500);
  await admin.patch(kvTokens, { namespace, name: 'web' }, { status: null }, { type: 'merge', subresource: 'status' });
  const healed = await statusWhen(namespace, 'has its status again', (s) => s.hashes?.length);
  assert.deepEqual(healed.hashes, hashes);
});

test('a foreign Secret is never touched', async (t) => {
  const world = await startWorld(t, server);
  const namespace = await createNamespace(admin, 'foreign-secret');
  const key = { namespace, name: 'web' };
  const mine = await admin.create<KubeObject>(secrets, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: key,
    data: { token: '' },
  });
  await createStore(world, namespace);
  await createToken(world, namespace);
  const status = await statusWhen(namespace, 'reports', (s) => reasonOf(s, 'Ready', 'False') === 'SecretConflict');
  assert.deepEqual(status.hashes, []);
  assert.equal((await admin.get(secrets, key))?.metadata.resourceVersion, mine.metadata.resourceVersion);
  await admin.delete(secrets, key);
  await statusWhen(namespace, 'is issued', (s) => reasonOf(s, 'Ready') && s.hashes?.length);
});

test('a role is for tokens of the system namespace: elsewhere nothing is accepted until it is removed', async (t) => {
  const world = await startWorld(t, server);
  const namespace = await createNamespace(admin, 'role');
  await createToken(world, namespace, { type: 'ApiKey', role: 'SystemAdmin' });
  const refused = await statusWhen(namespace, 'is refused', (s) => reasonOf(s, 'Ready', 'False') === 'RoleNotAllowed');
  assert.deepEqual(refused.hashes, []);
  await admin.patch(kvTokens, { namespace, name: 'web' }, { spec: { role: null } }, { type: 'merge' });
  await statusWhen(namespace, 'is accepted', (s) => reasonOf(s, 'Ready') && s.hashes?.length);
  await createToken(world, SYSTEM_NAMESPACE, { type: 'ApiKey', role: 'SystemAdmin' }, 'admin');
  await statusWhen(SYSTEM_NAMESPACE, 'is accepted', (s) => s.hashes?.length === 1, 'admin');
});

test('a token ends at its time by itself, and works again with a later one', async (t) => {
  const world = await startWorld(t, server, { resyncSeconds: 3600 });
  const namespace = await createNamespace(admin, 'expiry');
  await createStore(world, namespace);
  const expiresAt = new Date(Date.now() + 3_000).toISOString();
  await createToken(world, namespace, { expiresAt });
  const { hashes } = await statusWhen(namespace, 'is ready', (s) => reasonOf(s, 'Ready'));
  const expired = await statusWhen(namespace, 'ends', (s) => reasonOf(s, 'Ready', 'False') === 'Expired');
  assert.deepEqual(expired.hashes, []);
  assert.ok(Date.now() >= Date.parse(expiresAt));
  await admin.patch(kvTokens, { namespace, name: 'web' }, { spec: { expiresAt: null } }, { type: 'merge' });
  const again = await statusWhen(namespace, 'is ready again', (s) => reasonOf(s, 'Ready'));
  assert.deepEqual(again.hashes, hashes);
});

test('tokens of a store whose project another one holds say so', async (t) => {
  const world = await startWorld(t, server);
  const namespace = await createNamespace(admin, 'contested');
  await createStore(world, namespace, { projectId: 'contested' }, 'elder');
  await new Promise((resolve) => setTimeout(resolve, 1_100)); // ages are to the second
  await createStore(world, namespace, { projectId: 'contested' }, 'newer');
  await createToken(world, namespace, { storeRef: { name: 'newer' } });
  const status = await statusWhen(namespace, 'reports', (s) => reasonOf(s, 'Ready', 'False') === 'ProjectIdConflict');
  assert.equal(status.projectId, undefined);
  await admin.delete(kvStores, { namespace, name: 'elder' });
  await statusWhen(namespace, 'is ready', (s) => reasonOf(s, 'Ready') && s.projectId === 'contested');
});

test('what kubectl shows of a token holds no secret', async (t) => {
  const world = await startWorld(t, server);
  const namespace = await createNamespace(admin, 'no-secret');
  await createStore(world, namespace);
  await createToken(world, namespace);
  await statusWhen(namespace, 'is ready', (s) => reasonOf(s, 'Ready'));
  const { token = '' } = await content(namespace, 'web');
  const seen = JSON.stringify([await admin.get(kvTokens, { namespace, name: 'web' }), world.events, world.failures]);
  assert.ok(token.length > 0 && !seen.includes(token));
  assert.equal((await admin.get(kvTokens, { namespace, name: 'web' }))?.apiVersion, API_VERSION);
});

test('a Secret that a quota forbids is told, and the token is issued when there is room', async (t) => {
  const world = await startWorld(t, server);
  const namespace = await createNamespace(admin, 'quota');
  const quota = { namespace, name: 'none' };
  const body = { apiVersion: 'v1', kind: 'ResourceQuota', metadata: quota, spec: { hard: { secrets: '0' } } };
  await admin.create(resourceQuotas, body as KubeObject);
  // No controller manager runs here, which would say what is used.
  const status = { hard: { secrets: '0' }, used: { secrets: '0' } };
  await admin.patch(resourceQuotas, quota, { status }, { type: 'merge', subresource: 'status' });
  await until('the quota is enforced', async () => {
    const secret: KubeObject = { apiVersion: 'v1', kind: 'Secret', metadata: { namespace, name: 'any' } };
    return admin.create(secrets, secret, { dryRun: true }).then(
      () => false,
      () => true,
    );
  });
  await createToken(world, namespace, { type: 'ApiKey' });
  const refused = await statusWhen(namespace, 'is refused', (s) => reasonOf(s, 'Ready', 'False') === 'SecretRefused');
  assert.deepEqual(refused.hashes, []);
  assert.match(JSON.stringify(refused.conditions), /raise the namespace's quota/);
  assert.deepEqual(world.failures, []);
  await admin.delete(resourceQuotas, quota);
  await statusWhen(namespace, 'is ready', (s) => reasonOf(s, 'Ready') === 'Issued');
});
