import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ROTATE_ANNOTATION } from '../../../contract/labels.ts';
import type { KVToken } from '../../../contract/objects.ts';
import { secrets } from '../../../kube/resources.ts';
import { readToken, watchAcceptance } from './acceptance.ts';
import {
  createNamespace,
  createStore,
  createToken,
  kvTokens,
  reasonOf,
  startCluster,
  startWorld,
  until,
  type World,
} from './world.ts';

type Status = NonNullable<KVToken['status']>;

const { server, client: admin } = await startCluster();

const sha256 = 'a'.repeat(64);
const minute = 60_000;
const at = (ms: number) => new Date(ms).toISOString();

const tokenOf = (namespace: string) => admin.get<KVToken>(kvTokens, { namespace, name: 'web' });

const statusWhen = (namespace: string, what: string, holds: (status: Status) => unknown) =>
  until(`token ${namespace}/web ${what}`, async () => {
    const { status, metadata } = (await tokenOf(namespace)) ?? {};
    return status && status.observedGeneration === metadata?.generation && holds(status) ? status : undefined;
  });

const ask = (namespace: string, value: string | null) =>
  admin.patch(
    kvTokens,
    { namespace, name: 'web' },
    { metadata: { annotations: { [ROTATE_ANNOTATION]: value } } },
    { type: 'merge' },
  );

const read = (namespace: string) => readToken(admin, namespace);

/** A tenant with a token that is accepted. */
async function issue(world: World, name: string, spec: Record<string, unknown> = {}): Promise<string> {
  const namespace = await createNamespace(admin, name);
  await createStore(world, namespace);
  await createToken(world, namespace, spec);
  await statusWhen(namespace, 'is ready', (s) => reasonOf(s, 'Ready'));
  return namespace;
}

test('a token that was made elsewhere is accepted by its hash, without a Secret, and cannot be rotated', async (t) => {
  const world = await startWorld(t, server);
  const namespace = await issue(world, 'elsewhere', { issued: { sha256, lastFour: 'wxyz' } });
  const status = await statusWhen(namespace, 'is accepted', (s) => s.hashes?.length);
  assert.deepEqual([status.hashes, status.lastFour, status.secretName], [[sha256], 'wxyz', undefined]);
  assert.equal(await admin.get(secrets, { namespace, name: 'web' }), undefined);
  await ask(namespace, at(Date.now()));
  const refused = await statusWhen(namespace, 'refuses', (s) => reasonOf(s, 'SpecAccepted', 'False'));
  assert.equal(reasonOf(refused, 'SpecAccepted', 'False'), 'RotationNotPossible');
  assert.deepEqual([refused.hashes, reasonOf(refused, 'Ready')], [[sha256], 'Issued']);
  assert.ok(world.events.some(({ reason }) => reason === 'RotationNotPossible'));
  await ask(namespace, null);
  await statusWhen(namespace, 'has nothing to refuse', (s) => reasonOf(s, 'SpecAccepted') === 'Accepted');
});

test('on request a new token replaces the old one, each of the two accepted while pods may have it', async (t) => {
  const world = await startWorld(t, server);
  const namespace = await issue(world, 'asked', { rotation: { overlap: '6s' } });
  const old = await read(namespace);
  const watch = watchAcceptance(admin, namespace);
  await ask(namespace, at(Date.now()));
  const published = await statusWhen(namespace, 'publishes', (s) => s.hashes?.length === 2);
  assert.equal(await read(namespace), old, 'the hash is published before pods can read the token');
  const rotated = await statusWhen(namespace, 'is rotated', (s) => s.retiring?.length);
  assert.deepEqual(rotated.hashes, [published.hashes?.[1], old]);
  const { looks, tokens } = await watch.end();
  assert.deepEqual(tokens, [old, rotated.hashes?.[0]]);
  assert.ok(looks > 100, `${looks} looks`);
  assert.equal(rotated.retiring?.[0]?.sha256, old);
  const retired = await statusWhen(namespace, 'refuses the old one', (s) => s.hashes?.length === 1);
  assert.ok(Date.now() >= Date.parse(rotated.retiring?.[0]?.until ?? ''));
  assert.deepEqual([retired.hashes, retired.retiring], [[rotated.hashes?.[0]], undefined]);
  assert.equal(world.events.filter(({ reason }) => reason === 'TokenRotated').length, 1);
  const { writes } = world;
  const before = writes.length;
  await sleep(2_500);
  assert.deepEqual(writes.slice(before), [], 'the request is done with');
});

test('a token gets no older than spec.rotation.every', async (t) => {
  const world = await startWorld(t, server);
  const namespace = await issue(world, 'scheduled', { rotation: { every: '2h', overlap: '1h' } });
  const first = await statusWhen(namespace, 'has a time', (s) => s.rotatesAt);
  assert.equal(Date.parse(first.rotatesAt ?? ''), Date.parse(first.issuedAt ?? '') + 120 * minute);
  const issuedAt = at(Date.now() - 120 * minute);
  const key = { namespace, name: 'web' };
  await admin.patch(
    secrets,
    key,
    { metadata: { annotations: { 'cubby.dev/issued-at': issuedAt } } },
    { type: 'merge' },
  );
  const second = await statusWhen(namespace, 'is rotated', (s) => s.retiring?.length);
  assert.notEqual(second.hashes?.[0], first.hashes?.[0]);
  assert.ok(Date.parse(second.rotatesAt ?? '') > Date.now() + 119 * minute);
});

test('a request that is no time is told and changes nothing', async (t) => {
  const world = await startWorld(t, server);
  const namespace = await issue(world, 'malformed');
  const old = await read(namespace);
  await ask(namespace, 'now');
  await statusWhen(namespace, 'refuses', (s) => reasonOf(s, 'SpecAccepted', 'False') === 'RotateMalformed');
  assert.equal(await read(namespace), old);
});

test('a Secret that is deleted within the overlap ends the old tokens as well', async (t) => {
  const world = await startWorld(t, server);
  const namespace = await issue(world, 'leaked');
  await ask(namespace, at(Date.now()));
  await statusWhen(namespace, 'is rotated', (s) => s.retiring?.length);
  await admin.delete(secrets, { namespace, name: 'web' });
  const status = await statusWhen(namespace, 'is issued anew', (s) => s.hashes?.length === 1);
  assert.deepEqual(status.hashes, [await read(namespace)]);
  assert.equal(status.retiring, undefined);
});

test('an operator that ends within a rotation is followed by one that ends it, and no token is refused meanwhile', async (t) => {
  const world = await startWorld(t, server);
  const namespace = await issue(world, 'restarted');
  const watch = watchAcceptance(admin, namespace);
  await ask(namespace, at(Date.now()));
  const first = await statusWhen(namespace, 'publishes', (s) => s.hashes?.length === 2);
  await world.restartOperator();
  const second = await statusWhen(namespace, 'publishes anew', (s) => s.hashes?.[1] !== first.hashes?.[1]);
  assert.equal(second.hashes?.[0], first.hashes?.[0]);
  await statusWhen(namespace, 'is rotated', (s) => s.retiring?.length);
  assert.equal((await watch.end()).tokens.length, 2);
});
