import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hashToken } from '../../../contract/token.ts';
import { createTokenIndex } from '../../../dataplane/directory/tokens.ts';
import { kvToken } from './objects.ts';

test('a token is found by its hash while its object lists it', () => {
  const tokens = createTokenIndex('cubby-system');
  const { token, object } = kvToken({ scopes: ['kv:read'] });
  tokens.upsert(object);
  const found = tokens.find(hashToken(token));
  assert.deepEqual(found && [...found.scopes], ['kv:read']);
  tokens.upsert({ ...object, status: { hashes: [] } });
  assert.equal(tokens.find(hashToken(token)), undefined);
});

test('during a rotation every listed hash is accepted', () => {
  const tokens = createTokenIndex('cubby-system');
  tokens.upsert(kvToken({ hashes: ['old', 'new'] }).object);
  assert.ok(tokens.find('old') && tokens.find('new'));
});

test('deleting revokes, and so does being about to be deleted', () => {
  const tokens = createTokenIndex('cubby-system');
  const { object } = kvToken({ hashes: ['h'] });
  tokens.upsert(object);
  tokens.remove(object);
  assert.equal(tokens.find('h'), undefined);
  tokens.upsert(object);
  tokens.upsert(kvToken({ hashes: ['h'], deleted: true }).object);
  assert.equal(tokens.find('h'), undefined);
  assert.equal(tokens.size, 0);
});

test('a hash that two objects claim is accepted for neither, and for one again when the other goes', () => {
  const tokens = createTokenIndex('cubby-system');
  const { object } = kvToken({ namespace: 'victim', hashes: ['h'] });
  const { object: copy } = kvToken({ namespace: 'thief', hashes: ['h'] });
  tokens.upsert(object);
  tokens.upsert(copy);
  assert.equal(tokens.find('h'), undefined);
  tokens.remove(copy);
  assert.equal(tokens.find('h')?.namespace, 'victim');
});

test('the same object seen again is one claim, and a change of it takes effect', () => {
  const tokens = createTokenIndex('cubby-system');
  const { object } = kvToken({ hashes: ['h'] });
  tokens.upsert(object);
  tokens.upsert({ ...object, spec: { ...object.spec, scopes: [] } });
  assert.equal(tokens.find('h')?.scopes.size, 0);
  assert.equal(tokens.size, 1);
});

test('an object without status, as before the operator saw it, is no token', () => {
  const tokens = createTokenIndex('cubby-system');
  const { status: _, ...object } = kvToken({}).object;
  tokens.upsert(object);
  tokens.remove(object);
  assert.equal(tokens.size, 0);
});

test('a role counts for API keys of the system namespace, and for no other token whatever its object says', () => {
  const tokens = createTokenIndex('cubby-system');
  const roleOf = (namespace: string, type: 'Project' | 'Deployment' | 'ApiKey') => {
    const { token, object } = kvToken({ namespace, type, role: 'SystemAdmin' });
    tokens.upsert(object);
    return tokens.find(hashToken(token))?.role;
  };
  assert.equal(roleOf('cubby-system', 'ApiKey'), 'SystemAdmin');
  assert.equal(roleOf('a', 'ApiKey'), undefined);
  assert.equal(roleOf('cubby-system', 'Project'), undefined);
  assert.equal(roleOf('cubby-system', 'Deployment'), undefined);
});

test('a token that was made elsewhere is accepted when the operator lists its hash, and not before', () => {
  const tokens = createTokenIndex('cubby-system');
  const issued = { sha256: 'a'.repeat(64), lastFour: 'abcd' };
  const { object } = kvToken({ issued, hashes: [] });
  tokens.upsert(object);
  assert.equal(tokens.find(issued.sha256), undefined);
  tokens.upsert({ ...object, status: { hashes: [issued.sha256] } });
  assert.equal(tokens.find(issued.sha256)?.name, 'web');
});

test('the tokens of a store are those of its namespace that name it, by name, as they were last seen', () => {
  const tokens = createTokenIndex('cubby-system');
  const ref = { namespace: 'a', name: 'main' };
  const names = () => tokens.ofStore(ref).map(({ metadata }) => metadata.name);
  const { object } = kvToken({ name: 'web' });
  for (const token of [
    object,
    kvToken({ name: 'ci', type: 'Deployment' }).object,
    kvToken({ name: 'key', type: 'ApiKey' }).object,
    kvToken({ name: 'other', storeRef: { name: 'cache' } }).object,
    kvToken({ name: 'web', namespace: 'b' }).object,
  ])
    tokens.upsert(token);
  assert.deepEqual(names(), ['ci', 'web']);
  tokens.upsert({ ...object, spec: { ...object.spec, scopes: [] } });
  assert.deepEqual(tokens.ofStore(ref)[1]?.spec.scopes, []);
  tokens.remove(object);
  assert.deepEqual(names(), ['ci']);
});
