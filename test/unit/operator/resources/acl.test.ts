import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Acl, guestChanges, loadedUsers, storeAcl, userChanges } from '../../../../operator/resources/acl.ts';

const passwords = { dataplane: 'a', operator: 'b' };
const [one, two] = [['1'.repeat(64)], ['2'.repeat(64)]];
const plain = storeAcl(passwords);

/** The users that a Redis has which loaded that file. */
const loaded = (text: string, ...more: string[]) => loadedUsers([...text.trim().split('\n'), ...more]);

type Users = Map<string, readonly string[]>;

/** How users may sign in after a change, as Redis would have them; `steps` of its commands are run. */
function run(before: ReadonlyMap<string, readonly string[]>, acl: Acl, steps = Number.POSITIVE_INFINITY): Users {
  const passwords = new Map(before);
  const commands = guestChanges(acl, { revision: acl.revision, passwords }).flatMap(({ remove, set }) => [
    ...(remove.length > 0 ? [() => void remove.map((name) => passwords.delete(name))] : []),
    ...set.map(
      ([name, rules]) =>
        () =>
          passwords.set(
            name,
            rules.filter((rule) => rule.startsWith('#')),
          ),
    ),
  ]);
  for (const command of commands.slice(0, steps)) command();
  return passwords;
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
  const both = [...one, ...two];
  const acls = [
    {},
    { native: one },
    { native: two },
    { native: both },
    { shell: one },
    { native: one, shell: two },
  ].map((guests) => storeAcl(passwords, guests));
  const base = loaded(plain.text).passwords;
  for (const from of acls) {
    const before = run(base, from);
    assert.deepEqual(guestChanges(from, { revision: '', passwords: before }), []);
    for (const to of acls) {
      for (let steps = 0; steps <= 6; steps++) {
        const after = run(run(before, to, steps), to);
        assert.deepEqual(after, run(base, to), `${steps} steps`);
        assert.equal(after.size, base.size + 2 * to.guests.length);
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

test('a guest who gets a second password stays signed in, and goes when the first is accepted no longer', () => {
  const acl = (native: string[]) => storeAcl(passwords, { native });
  const both = acl([...two, ...one]);
  const [added] = guestChanges(both, loaded(acl(one).text));
  assert.deepEqual(
    [added?.remove.includes('native'), added?.set[0]?.[1].slice(0, 3)],
    [false, ['on', `#${two}`, `#${one}`]],
  );
  const [ended] = guestChanges(acl(two), loaded(both.text));
  assert.ok(ended?.remove.includes('native'));
});

test('a second password changes the users of every store, and a mark that was left over asks for the change again', () => {
  const both = storeAcl({ ...passwords, dataplane: ['c', 'a'] });
  assert.match(both.text, /^user dataplane on #[0-9a-f]{64} #[0-9a-f]{64} ~\* /m);
  assert.notEqual(both.revision, plain.revision);
  const { set, remove } = userChanges(both, loaded(plain.text));
  assert.deepEqual(remove, [plain.users.at(-1)?.[0]]);
  assert.equal(set.at(-1)?.[0], both.users.at(-1)?.[0]);
  const halfway = loaded(plain.text, `user ${set.at(-1)?.[0]} off`);
  assert.equal(halfway.revision, undefined);
  assert.deepEqual(userChanges(both, halfway).remove, remove);
});

test('a guest whom somebody else made is removed', () => {
  assert.deepEqual(
    guestChanges(plain, loaded(plain.text, 'user shell on nopass ~* +@all')).map(({ remove }) => remove),
    [['shell']],
  );
});

test('the pod of a backup may replicate and nothing else, and is not in the file', () => {
  const acl = storeAcl(passwords, { backup: ['b'.repeat(64)] });
  const [guest] = acl.guests;
  assert.deepEqual(guest?.rules, [
    'on',
    `#${'b'.repeat(64)}`,
    'resetkeys',
    'resetchannels',
    '-@all',
    '+ping',
    '+replconf',
    '+psync',
  ]);
  assert.equal(acl.text, plain.text);
});
