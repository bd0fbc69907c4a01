import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { masterKeyId, parseMasterKey } from '../../../contract/credentials.ts';
import { type MasterKeyEvent, openMasterKeys } from '../../../dataplane/master-key.ts';

const text = (byte: number) => Buffer.alloc(32, byte).toString('base64');
const [one, two] = [parseMasterKey(text(1)), parseMasterKey(text(2))];

/** The keys of a folder that the test writes, a second later each time they are asked for. */
function mount(t: TestContext, current: string, previous?: string) {
  const folder = mkdtempSync(join(tmpdir(), 'cubby-key-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const write = (name: string, key: string) => writeFileSync(join(folder, name), key);
  write('master-key', current);
  if (previous !== undefined) write('previous-master-key', previous);
  const events: MasterKeyEvent[] = [];
  let now = 0;
  const keys = openMasterKeys(
    join(folder, 'master-key'),
    (event) => events.push(event),
    () => now,
  );
  const later = () => {
    now += 1_000;
    return keys();
  };
  const unmount = () => rmSync(join(folder, 'previous-master-key'));
  return { write, unmount, keys, later, events };
}

test('replaced keys are taken over without a restart, and no sooner than a second after the last look', (t) => {
  const { write, unmount, keys, later, events } = mount(t, text(1));
  assert.deepEqual(keys(), { current: one });
  write('previous-master-key', text(1));
  write('master-key', text(2));
  assert.deepEqual(keys(), { current: one });
  assert.deepEqual(later(), { current: two, previous: one });
  unmount();
  assert.deepEqual(later(), { current: two });
  assert.deepEqual(events, [
    { current: masterKeyId(two), previous: masterKeyId(one) },
    { current: masterKeyId(two), previous: undefined },
  ]);
});

test('a key that was replaced without its predecessor is still tried as the previous one', (t) => {
  const { write, later } = mount(t, text(1));
  write('master-key', text(2));
  for (let looks = 0; looks < 3; looks++) assert.deepEqual(later(), { current: two, previous: one });
});

test('what cannot be used is told once, without its text, and changes nothing', (t) => {
  const { write, later, events } = mount(t, text(1));
  write('master-key', text(2));
  write('previous-master-key', 'c2hvcnQ=');
  for (let looks = 0; looks < 3; looks++) assert.deepEqual(later(), { current: one });
  assert.equal(events.length, 1);
  assert.match(JSON.stringify(events), /the previous master key must be base64/);
  assert.doesNotMatch(JSON.stringify(events), /c2hvcnQ/);
});

test('a data plane does not start with keys that cannot be used', (t) => {
  assert.throws(() => mount(t, 'c2hvcnQ='), /the master key must be base64/);
});

test('one that starts beside a previous key that cannot be used has the current one, and the other when it is right', (t) => {
  const { write, keys, later, events } = mount(t, text(2), 'c2hvcnQ=');
  assert.deepEqual(keys(), { current: two });
  assert.deepEqual(later(), { current: two });
  assert.equal(events.length, 1);
  assert.match(JSON.stringify(events), /the previous master key must be base64/);
  write('previous-master-key', text(1));
  assert.deepEqual(later(), { current: two, previous: one });
});
