import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { KVBackup } from '../../../../contract/objects.ts';
import { outlived } from '../../../../operator/reconcile/retention.ts';
import { backup } from '../objects.ts';

const now = new Date('2026-07-31T00:00:00Z');
const hoursAgo = (hours: number) => new Date(now.getTime() - hours * 3_600_000).toISOString();
const complete = (hours: number): KVBackup =>
  backup({ name: `c${hours}` }, { phase: 'Completed', completedAt: hoursAgo(hours) });
const failed = (hours: number): KVBackup =>
  backup({ name: `f${hours}`, creationTimestamp: hoursAgo(hours) }, { phase: 'Failed' });
const names = (backups: readonly KVBackup[]) => backups.map(({ metadata }) => metadata.name).sort();

test('so many of the newest are kept, and none that is older than the age', () => {
  const all = [complete(30), complete(1), complete(50), complete(10)];
  assert.deepEqual(names(outlived(all, { count: 2 }, now)), ['c30', 'c50']);
  assert.deepEqual(names(outlived(all, { maxAge: '24h' }, now)), ['c30', 'c50']);
  assert.deepEqual(names(outlived(all, { maxAge: '2d' }, now)), ['c50']);
  assert.deepEqual(names(outlived(all, { count: 1, maxAge: '30d' }, now)), ['c10', 'c30', 'c50']);
});

test('without a rule all are kept, and the newest is whatever the rules say', () => {
  assert.deepEqual(outlived([complete(1), complete(9000)], undefined, now), []);
  assert.deepEqual(outlived([complete(9000)], { count: 1, maxAge: '1h' }, now), []);
});

test('failed ones do not count, and three of them are kept', () => {
  const all = [failed(1), failed(2), failed(3), failed(4), failed(5), complete(100)];
  assert.deepEqual(names(outlived(all, { count: 1, maxAge: '1h' }, now)), ['f4', 'f5']);
});

test('one that runs or is being deleted is left alone', () => {
  const going = { ...complete(90), metadata: { ...complete(90).metadata, deletionTimestamp: hoursAgo(1) } };
  const running = backup({ name: 'r' }, { phase: 'Running' });
  assert.deepEqual(outlived([going, running, complete(1)], { count: 1 }, now), []);
});

test('whatever the rules, the newest complete backup is never among those to delete', () => {
  const ages = fc.uniqueArray(fc.integer({ min: 0, max: 10_000 }), { minLength: 1 });
  const rule = fc.record(
    { count: fc.integer({ min: 1, max: 5 }), maxAge: fc.constantFrom('1h', '3d') },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(ages, rule, (hours, retention) => {
      const removed = new Set(names(outlived(hours.map(complete), retention, now)));
      assert.ok(!removed.has(`c${Math.min(...hours)}`));
      const kept = hours.filter((age) => !removed.has(`c${age}`));
      assert.ok(kept.length <= (retention.count ?? hours.length));
    }),
  );
});
