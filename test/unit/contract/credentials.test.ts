import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aclFile } from '../../../contract/acl.ts';
import { aclPasswordHash, parseMasterKey, redisPassword } from '../../../contract/credentials.ts';

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
