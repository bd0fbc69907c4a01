import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decideRestore, holds } from '../../../../operator/reconcile/restore-decision.ts';
import {
  isPending,
  RESTORE_ANNOTATION,
  type RestoreRecord,
  readRecord,
  restoreDigest,
} from '../../../../operator/reconcile/restore-record.ts';
import { sourceOf } from '../../../../operator/reconcile/restore-source.ts';
import { redis, store } from '../objects.ts';
import {
  bad,
  claim,
  digest,
  done,
  fetched,
  input,
  newStore,
  reasons,
  record,
  restoring,
  target,
} from './restore-input.ts';

test('a store that nobody restores has nothing to do, and runs', () => {
  const plain = input({ store: store() });
  assert.deepEqual(decideRestore(plain), { refusals: [], steps: [] });
  assert.equal(holds(plain), 'runs');
});

test('a new store begins to fetch its backup, and has no Redis before it is there', () => {
  assert.equal(holds(newStore()), 'unmade');
  assert.deepEqual(decideRestore(newStore()).write, { record: record({ fresh: true }) });
  for (const phase of ['Fetching', 'Swapping', 'Failed', 'Undoing'] as const) {
    const at = newStore({ claim: claim(), record: record({ phase, fresh: true }) });
    assert.equal(holds(at), 'unmade', phase);
  }
  assert.equal(holds(newStore({ claim: claim(), record: record({ phase: 'Loading', fresh: true }) })), 'runs');
});

test('a store that has data is restored only where that is confirmed, and serves on', () => {
  const unconfirmed = input({ store: restoring() });
  assert.deepEqual(reasons(decideRestore(unconfirmed)), ['RestoreRefused']);
  assert.equal(holds(unconfirmed), 'runs');
  assert.deepEqual(decideRestore(input()).write, { record: record() });
  // The claim of a deleted store of this name is data as well.
  const adopted = newStore({ claim: claim() });
  assert.deepEqual(reasons(decideRestore(adopted)), ['RestoreRefused']);
  assert.equal(holds(adopted), 'runs');
});

test('Redis runs while the backup is fetched, and is stopped only to put it in place', () => {
  assert.equal(holds(input({ record: record() })), 'runs');
  assert.equal(holds(input({ record: record({ phase: 'Swapping' }) })), 'stopped');
  assert.equal(holds(input({ record: record({ phase: 'Loading' }) })), 'runs');
  assert.equal(holds(input({ record: record({ phase: 'Undoing' }) })), 'stopped');
  assert.equal(holds(input({ record: record({ phase: 'Failed' }) })), 'runs');
});

test('a KVBackup is a source once it is complete', () => {
  assert.match(sourceOf('nightly', undefined).refusal ?? '', /no KVBackup nightly/);
  assert.match(sourceOf('nightly', { status: { phase: 'Failed' } }).refusal ?? '', /has failed/);
  assert.match(sourceOf('nightly', { status: { phase: 'Running' } }).wait ?? '', /until the KVBackup nightly/);
  assert.match(sourceOf('nightly', {}).wait ?? '', /until/);
  const location = { object: 'a/b', target } as never;
  assert.deepEqual(sourceOf('nightly', { status: { phase: 'Completed', location, encrypted: true } }), {
    place: { target, object: 'a/b', encrypted: true },
    encryption: undefined,
  });
});

test('a backup that is not known yet is waited for, and one that never will be is told', () => {
  assert.deepEqual(reasons(decideRestore(newStore({ source: { refusal: 'no such backup' } }))), ['RestoreRefused']);
  const waiting = decideRestore(newStore({ source: { wait: 'not yet' } }));
  assert.deepEqual([waiting.write, waiting.steps[0]?.message], [undefined, 'not yet']);
});

test('what was fetched and found good takes the place of the data', () => {
  const decision = decideRestore(input({ record: record({ attempts: 2, message: 'was down' }), job: done }));
  assert.deepEqual(decision.write, { record: record({ phase: 'Swapping', data: fetched }) });
});

test('a backup that is not good is given up with the data untouched', () => {
  const { write } = decideRestore(input({ record: record(), job: bad('Corrupt') }));
  assert.equal(write?.record?.phase, 'Failed');
  assert.equal(write?.record?.dirty, true);
  assert.equal(write?.data, undefined);
  const told = decideRestore(input({ record: { ...record(), ...write?.record, phase: 'Failed' } }));
  assert.match(told.refusals[0]?.message ?? '', /it is Corrupt; the store goes on with the data that it has/);
});

test('a try that may succeed later is made again after a pause, which grows', () => {
  const first = decideRestore(input({ record: record(), job: bad('TargetUnavailable', true) })).write?.record;
  assert.deepEqual([first?.phase, first?.attempts, first?.retryAt], ['Fetching', 1, '2026-01-01T12:00:05Z']);
  const later = record({ attempts: 5 });
  const sixth = decideRestore(input({ record: later, job: bad('TargetUnavailable', true) })).write?.record;
  assert.equal(sixth?.retryAt, '2026-01-01T12:02:40Z');
  const pausing = decideRestore(input({ record: first ?? record() }));
  assert.deepEqual(reasons(pausing), ['RestoreFailed']);
});

test('data is not overwritten by a try of next week: a store that has some gives up, a new one goes on', () => {
  const often = { attempts: 7 };
  const inPlace = decideRestore(input({ record: record(often), job: bad('TargetUnavailable', true) }));
  assert.equal(inPlace.write?.record?.phase, 'Failed');
  const fresh = newStore({ claim: claim(), record: record({ ...often, fresh: true }), job: bad('PodFailed', true) });
  assert.equal(decideRestore(fresh).write?.record?.phase, 'Fetching');
});

test('a new store whose restore failed tries again when spec is edited, or in a while where it is mended elsewhere', () => {
  const at = (changes: Partial<RestoreRecord>) =>
    newStore({ claim: claim(), record: record({ phase: 'Failed', fresh: true, generation: 3, ...changes }) });
  assert.deepEqual(reasons(decideRestore(at({ message: 'bad' }))), ['RestoreFailed']);
  assert.equal(decideRestore(at({ message: 'bad' })).write, undefined);
  assert.equal(decideRestore(at({ generation: 2 })).write?.record?.phase, 'Fetching');
  assert.equal(decideRestore(at({ retryAt: '2026-01-01T12:00:01Z' })).write, undefined);
  assert.equal(decideRestore(at({ retryAt: '2026-01-01T11:59:59Z' })).write?.record?.phase, 'Fetching');
  const given = (reason: string) =>
    decideRestore(newStore({ claim: claim(), record: record({ fresh: true }), job: bad(reason) })).write?.record;
  assert.ok(given('TargetRefused')?.retryAt);
  assert.equal(given('Corrupt')?.retryAt, undefined);
  assert.equal(given('Corrupt')?.fresh, true);
});

test('a restore that is taken back before anything was touched is given up', () => {
  const inPlace = decideRestore(input({ store: store(), record: record() }));
  assert.deepEqual([inPlace.write?.record?.phase, inPlace.write?.record?.dirty], ['Failed', true]);
  const fresh = newStore({ store: store(), claim: claim(), record: record({ fresh: true }) });
  assert.equal(holds(fresh), 'runs');
  assert.equal(decideRestore(fresh).write?.record?.fresh, undefined);
  // The confirmation alone, while the backup is fetched.
  assert.deepEqual(reasons(decideRestore(input({ store: restoring(), record: record() }))), ['RestoreRefused']);
});

test('what is over is done again only when spec had ceased to ask for it', () => {
  const completed = record({ phase: 'Completed', data: fetched, loaded: { keys: 10, expired: 0 } });
  assert.equal(isPending(completed, digest), false);
  assert.equal(isPending(completed, undefined), true);
  assert.deepEqual(decideRestore(input({ record: completed })), { refusals: [], steps: [] });
  const lifted = { ...completed, lifted: 3 };
  assert.deepEqual(decideRestore(input({ record: completed, store: store() })).write, { record: lifted });
  assert.equal(isPending(lifted, undefined), false);
  assert.deepEqual(decideRestore(input({ record: lifted, store: store() })), { refusals: [], steps: [] });
  // A cache that is behind shows what spec asked for before.
  assert.equal(isPending(lifted, digest), true);
  assert.deepEqual(decideRestore(input({ record: lifted })), { refusals: [], steps: [] });
  const later = (overwriteData: boolean) => {
    const { metadata, ...rest } = restoring(overwriteData);
    return { ...rest, metadata: { ...metadata, generation: 4 } };
  };
  assert.deepEqual(decideRestore(input({ record: lifted, store: later(true) })).write, { record: record() });
  assert.deepEqual(reasons(decideRestore(input({ record: lifted, store: later(false) }))), ['RestoreRefused']);
  const failed = record({ phase: 'Failed', message: 'bad' });
  assert.equal(decideRestore(input({ record: failed })).write, undefined);
  assert.deepEqual(decideRestore(input({ record: failed, store: store() })).write, { record: null });
});

test('a second restore of a store that was restored at its creation needs the confirmation as well', () => {
  const { write } = decideRestore(
    input({ record: record({ phase: 'Loading', fresh: true, data: fetched }), redis: redis() }),
  );
  const { dirty: _, ...completed } = write?.record ?? record();
  const other = store({ restoreFrom: { object: { target, path: 'other' }, overwriteData: false } });
  assert.deepEqual(reasons(decideRestore(input({ record: completed, store: other }))), ['RestoreRefused']);
});

test('what was set aside is removed beside the running Redis, and before the next restore', () => {
  const completed = record({ phase: 'Completed', data: fetched, loaded: { keys: 10, expired: 0 }, dirty: true });
  assert.equal(isPending(completed, digest), true);
  assert.equal(holds(input({ record: completed })), 'runs');
  const other = store({ restoreFrom: { object: { target, path: 'other' }, overwriteData: true } });
  assert.equal(decideRestore(input({ record: completed, store: other })).write, undefined);
  const { write } = decideRestore(input({ record: completed, job: { state: 'done', data: undefined } }));
  assert.deepEqual(write?.record, record({ phase: 'Completed', data: fetched, loaded: { keys: 10, expired: 0 } }));
});

test('a record that somebody wrote over is none, so that the volume is taken to have data', () => {
  assert.equal(readRecord(claim({ [RESTORE_ANNOTATION]: 'yes' })), undefined);
  assert.equal(readRecord(claim({ [RESTORE_ANNOTATION]: '{"phase":3}' })), undefined);
  assert.equal(readRecord(claim()), undefined);
  assert.deepEqual(readRecord(claim({ [RESTORE_ANNOTATION]: JSON.stringify(record()) })), record());
});

test('the confirmation is no part of what is restored', () => {
  assert.equal(restoreDigest(restoring(true)), restoreDigest(restoring(false)));
  assert.notEqual(
    restoreDigest(restoring()),
    restoreDigest(store({ restoreFrom: { backupRef: { name: 'x' }, overwriteData: false } })),
  );
});
