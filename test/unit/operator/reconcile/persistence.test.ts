import assert from 'node:assert/strict';
import { test } from 'node:test';
import { movePersistence } from '../../../../operator/reconcile/persistence.ts';
import { persistenceDirectives } from '../../../../operator/resources/redis-conf.ts';
import { redis } from '../objects.ts';

const directives = (mode: 'aof' | 'rdb') => ({ ...persistenceDirectives(mode) });
const rdb = (info: Parameters<typeof redis>[0] = {}, config = {}) =>
  redis({ aof: { enabled: false }, ...info }, { ...directives('rdb'), ...config }).look;
const aof = (info: Parameters<typeof redis>[0] = {}, config = {}) =>
  redis(info, { ...directives('aof'), ...config }).look;

test('nothing moves where the mode is as wanted', () => {
  const still = { set: {}, snapshot: false, filesAre: undefined, step: undefined };
  assert.deepEqual(movePersistence('aof', 'aof', aof()), still);
  assert.deepEqual(movePersistence('rdb', 'rdb', rdb()), still);
  assert.deepEqual(movePersistence('none', 'none', rdb({}, directives('aof'))), { ...still, set: {} });
});

test('rdb to aof: the log is written first, and only a complete one changes what a start reads', () => {
  assert.deepEqual(movePersistence('aof', 'rdb', rdb()).set, { appendonly: 'yes' });
  const running = { appendonly: 'yes' };
  const writing = movePersistence('aof', 'rdb', rdb({ aof: { enabled: true, rewriting: true } }, running));
  assert.deepEqual([writing.filesAre, writing.step?.reason], [undefined, 'SwitchingPersistence']);
  const failed = movePersistence('aof', 'rdb', rdb({ aof: { enabled: true, lastRewriteOk: false } }, running));
  assert.equal(failed.filesAre, undefined);
  assert.equal(movePersistence('aof', 'rdb', rdb({ aof: { enabled: true } }, running)).filesAre, 'aof');
});

test('rdb to aof: snapshots go on until a start reads the log', () => {
  assert.equal(movePersistence('aof', 'rdb', rdb({ aof: { enabled: true } })).set.save, undefined);
  assert.equal(movePersistence('aof', 'aof', rdb({ aof: { enabled: true } })).set.save, '');
});

test('aof to rdb: a snapshot is made first, the log is given up last', () => {
  const first = movePersistence('rdb', 'aof', aof());
  assert.equal(first.snapshot, true);
  assert.equal(first.set.appendonly, undefined);
  assert.equal(movePersistence('rdb', 'aof', aof({ snapshot: { running: true } })).snapshot, false);
  assert.equal(movePersistence('rdb', 'aof', aof({ snapshot: { ageSeconds: 3, lastOk: false } })).filesAre, undefined);
  assert.equal(
    movePersistence('rdb', 'aof', aof({ snapshot: { ageSeconds: 300 } })).filesAre,
    undefined,
    'an old one will not do',
  );
  const done = movePersistence('rdb', 'aof', aof({ snapshot: { ageSeconds: 3 } }));
  assert.deepEqual([done.filesAre, done.set.appendonly], ['rdb', undefined]);
  assert.deepEqual(movePersistence('rdb', 'rdb', aof({}, directives('rdb'))).set, { appendonly: 'no' });
});

test('a Redis that loads is left alone', () => {
  assert.deepEqual(movePersistence('aof', 'rdb', rdb({ loading: true })).set, {});
});
