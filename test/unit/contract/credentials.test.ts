import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aclFile } from '../../../contract/acl.ts';
import {
  aclPasswordHash,
  masterKeyId,
  parseMasterKey,
  parseMasterKeys,
  passwordsToTry,
  redisPassword,
  succeedMasterKeys,
} from '../../../contract/credentials.ts';

const key = parseMasterKey(Buffer.alloc(32, 7).toString('base64'));

test('a password differs by store, generation, user and master key, and is the same each time', () => {
  const other = parseMasterKey(Buffer.alloc(32, 8).toString('base64'));
  const passwords = [
    redisPassword(key, 'a', 1, 'dataplane'),
    redisPassword(key, 'b', 1, 'dataplane'),
    redisPassword(key, 'a', 2, 'dataplane'),
    redisPassword(key, 'a', 1, 'operator'),
    redisPassword(other, 'a', 1, 'dataplane'),
  ];
  assert.equal(new Set(passwords).size, passwords.length);
  assert.equal(redisPassword(key, 'a', 1, 'dataplane'), passwords[0]);
});

test('a master key that is too short is refused with the remedy and without its text', () => {
  assert.throws(
    () => parseMasterKey('c2hvcnQ='),
    (error: Error) => {
      assert.match(error.message, /openssl rand -base64 32/);
      assert.doesNotMatch(error.message, /c2hvcnQ/);
      return true;
    },
  );
});

const text = (byte: number) => Buffer.alloc(32, byte).toString('base64');
const [old, current] = [parseMasterKey(text(1)), parseMasterKey(text(2))];

test('the passwords to try are those of both keys and of the generation before, the lasting one first', () => {
  const password = (masterKey: Uint8Array, generation: number) =>
    redisPassword(masterKey, 'a', generation, 'dataplane');
  assert.deepEqual(passwordsToTry({ current }, 'a', 1, 'dataplane'), [password(current, 1)]);
  assert.deepEqual(passwordsToTry({ current, previous: old }, 'a', 2, 'dataplane'), [
    password(current, 2),
    password(old, 2),
    password(current, 1),
    password(old, 1),
  ]);
});

test('a previous key that is none, or the current one, is as if it were not there; a malformed one is refused', () => {
  for (const previous of [undefined, '', ' \n', text(2)])
    assert.deepEqual(parseMasterKeys(text(2), previous), { current });
  assert.deepEqual(parseMasterKeys(text(2), text(1)), { current, previous: old });
  assert.throws(() => parseMasterKeys(text(2), 'c2hvcnQ='), /the previous master key must be base64/);
});

test('a key that was replaced without a word counts as the previous one, until somebody says otherwise', () => {
  assert.deepEqual(succeedMasterKeys({ current: old }, { current }), { current, previous: old });
  assert.deepEqual(succeedMasterKeys({ current, previous: old }, { current }), { current });
  assert.deepEqual(succeedMasterKeys({ current: key }, { current, previous: old }), { current, previous: old });
});

test('the id of a key differs by key and is no part of a password', () => {
  assert.notEqual(masterKeyId(old), masterKeyId(current));
  assert.match(masterKeyId(old), /^[0-9a-f]{12}$/);
});

test('an ACL file holds hashes, never passwords, and the default user is off', () => {
  const passwords = {
    dataplane: redisPassword(key, 'a', 1, 'dataplane'),
    operator: redisPassword(key, 'a', 1, 'operator'),
  };
  const text = aclFile(passwords);
  assert.match(text, /^user default off /m);
  for (const [user, password] of Object.entries(passwords)) {
    assert.doesNotMatch(text, new RegExp(password));
    assert.match(text, new RegExp(`^user ${user} on #${aclPasswordHash(password)} `, 'm'));
  }
});

test('the data plane may run nothing that scripts, flushes, configures or lists all keys', () => {
  const line = aclFile({ dataplane: 'x', operator: 'y' })
    .split('\n')
    .find((text) => text.startsWith('user dataplane'));
  assert.match(line ?? '', / -@all /);
  for (const command of ['eval', 'keys', 'flush', 'config', 'shutdown', 'acl', 'debug', 'script', 'function']) {
    assert.doesNotMatch(line ?? '', new RegExp(`\\+${command}`));
  }
});
