import assert from 'node:assert/strict';
import { test } from 'node:test';
import { guestChanges, loadedUsers, storeAcl } from '../../../../operator/resources/acl.ts';

const passwords = { dataplane: 'a', operator: 'b' };
const [one, two] = ['1'.repeat(64), '2'.repeat(64)];
const plain = storeAcl(passwords);

/** The users that a Redis has which loaded that file. */
const loaded = (text: string, ...more: string[]) => loadedUsers([...text.trim().split('\n'), ...more]);

/** The users after a change, by name, as Redis would have them; `steps` of its commands are run. */
function run(names: Iterable<string>, acl: ReturnType<typeof storeAcl>, steps = Number.POSITIVE_INFINITY): Set<string> {
  const users = new Set(names);
  const commands = guestChanges(acl, { revision: acl.revision, names: users }).flatMap(({ remove, set }) => [
    () => {
      for (const name of remove) users.delete(name);
    },
    ...set.map(
      ([name]) =>
        () =>
          users.add(name),
    ),
  ]);
  for (const command of commands.slice(0, steps)) command();
  return users;
}

test('a guest leaves the revision of the other users as it is, so that they are not loaded anew for him', () => {
  for (const guests of [{ native: one }, { shell: two }, { native: one, shell: two }])
    assert.equal(storeAcl(passwords, guests).revision, plain.revision);
  assert.notEqual(storeAcl({ ...passwords, operator: 'c' }).revision, plain.revision);
});

test('native is in the file and nothing is to change after a start on it; shell never is', () => {
  const native = storeAcl(passwords, { native: one });
  assert.match(native.text, /^user native on #1{64} /m);
  assert.deepEqual(guestChanges(native, loaded(native.text)), []);
  assert.equal(storeAcl(passwords, { native: one, shell: two }).text, native.text);
  assert.equal(storeAcl(passwords, { shell: two }).text, plain.text);
  assert.equal(loaded(native.text).revision, plain.revision);
});

test('whatever users there are, and wherever a change is broken off, the next one leaves those that are wanted', () => {
  const acls = [{}, { native: one }, { native: two }, { shell: one }, { native: one, shell: two }].map((guests) =>
    storeAcl(passwords, guests),
  );
  const base = loaded(plain.text).names;
  for (const from of acls) {
    const before = run(base, from);
    assert.deepEqual(guestChanges(from, { revision: '', names: before }), []);
    for (const to of acls) {
      for (let steps = 0; steps <= 6; steps++) {
        const after = run(run(before, to, steps), to);
        const wanted = [...base, ...to.guests.flatMap(({ name, mark }) => [name, mark])];
        assert.deepEqual([...after].sort(), wanted.sort(), `${steps} steps`);
      }
    }
  }
});

test('a guest with another password is removed first, which closes his connections', () => {
  const [change] = guestChanges(
    storeAcl(passwords, { native: two }),
    loaded(storeAcl(passwords, { native: one }).text),
  );
  assert.equal(change?.remove[0], 'native');
  assert.equal(change?.set[0]?.[0], 'native');
});

test('a guest whom somebody else made is removed', () => {
  assert.deepEqual(
    guestChanges(plain, loaded(plain.text, 'user shell on nopass ~* +@all')).map(({ remove }) => remove),
    [['shell']],
  );
});
