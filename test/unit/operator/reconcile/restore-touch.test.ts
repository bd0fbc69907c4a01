import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KEYS_ANNOTATION } from '../../../../operator/reconcile/key-counts.ts';
import { decideRestore, holds } from '../../../../operator/reconcile/restore-decision.ts';
import { restoreStatus } from '../../../../operator/reconcile/restore-record.ts';
import { DATA_MODE_ANNOTATION } from '../../../../operator/resources/plan.ts';
import { pod, redis, store } from '../objects.ts';
import {
  claim,
  crashed,
  digest,
  done,
  fetched,
  input,
  reasons,
  record,
  restoring,
  stopped,
  target,
} from './restore-input.ts';

test('Redis must be gone before the data is touched', () => {
  for (const at of [input(), stopped({ pod: pod() })]) {
    const decision = decideRestore({ ...at, record: record({ phase: 'Swapping' }), job: done });
    assert.equal(decision.write, undefined);
    assert.equal(decision.steps[0]?.reason, 'Restoring');
  }
});

test('once the backup is in place Redis is to read it, and what the claim said of the old data is kept', () => {
  const annotations = { [DATA_MODE_ANNOTATION]: 'aof', [KEYS_ANNOTATION]: '{"all":3}' };
  const swapped = stopped({
    record: record({ phase: 'Swapping', data: fetched }),
    claim: claim(annotations),
    job: done,
  });
  assert.deepEqual(decideRestore(swapped).write, {
    record: record({ phase: 'Loading', data: fetched, before: { mode: 'aof', keysAtStop: '{"all":3}' } }),
    data: [{ mode: 'rdb', keysAtStop: null }],
  });
});

test('the restore is completed with the keys that Redis found, and those that had expired', () => {
  const loaded = { keys: 8, expired: 2 };
  const { write } = decideRestore(
    input({
      record: record({ phase: 'Loading', fresh: true, data: fetched }),
      redis: redis({ loaded, keys: { all: 9 } }),
    }),
  );
  assert.deepEqual(write?.record, {
    ...record({ phase: 'Completed', data: fetched, dirty: true }),
    loaded,
    finishedAt: '2026-01-01T12:00:00Z',
  });
  assert.deepEqual(restoreStatus(write?.record ?? undefined, store()), {
    from: digest,
    phase: 'Completed',
    keys: 8,
    expectedKeys: 10,
    sha256: 'ab',
    bytes: 900,
    finishedAt: '2026-01-01T12:00:00Z',
  });
});

test('a Redis that loads is waited for, and one that hibernates is restored when it wakes', () => {
  const loading = input({ record: record({ phase: 'Loading' }), redis: redis({ loading: true }) });
  assert.equal(decideRestore(loading).write, undefined);
  const asleep = stopped({
    store: store({ ...restoring(true).spec, enabled: false }),
    record: record({ phase: 'Loading' }),
  });
  assert.deepEqual(decideRestore(asleep), { refusals: [], steps: [] });
});

test('keys that are neither there nor expired are told until that is accepted', () => {
  const completed = (keys: number) =>
    input({ record: record({ phase: 'Completed', data: fetched, loaded: { keys, expired: 2 } }) });
  assert.deepEqual(reasons(decideRestore(completed(7))), ['RestoreFailed']);
  assert.deepEqual(reasons(decideRestore(completed(8))), []);
  assert.deepEqual(reasons(decideRestore({ ...completed(7), store: store() })), []);
});

test('a Redis that does not start with the backup gets its old data back', () => {
  const before = { mode: 'aof', keysAtStop: '{"all":3}' };
  const loading = record({ phase: 'Loading', before, data: fetched });
  const undoing = decideRestore(input({ record: loading, pod: crashed, redis: undefined })).write?.record;
  assert.equal(undoing?.phase, 'Undoing');
  assert.match(undoing?.message ?? '', /does not start with the backup: Short read/);
  const { write } = decideRestore(stopped({ record: undoing ?? loading, job: { state: 'done', data: undefined } }));
  assert.equal(write?.record?.phase, 'Failed');
  assert.deepEqual(write?.data, [before]);
  assert.match(restoreStatus(write?.record ?? undefined, store())?.message ?? '', /does not start/);
});

test('what was begun is brought to an end, whatever spec says by then', () => {
  const other = store({ restoreFrom: { object: { target, path: 'other' }, overwriteData: true } });
  for (const wants of [store(), other]) {
    const swapping = stopped({ store: wants, record: record({ phase: 'Swapping', data: fetched }), job: done });
    assert.equal(decideRestore(swapping).write?.record?.phase, 'Loading');
    assert.equal(holds(swapping), 'stopped');
  }
});
