import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseInfo } from '../../../../operator/redis/info.ts';

const text = (fields: Record<string, string | number>) =>
  `# Server\r\n${Object.entries(fields)
    .map(([name, value]) => `${name}:${value}\r\n`)
    .join('')}`;

test('the age of a snapshot is by the clock of Redis, and there is none before the first of this process', () => {
  const saved = { rdb_last_save_time: 1000, server_time_usec: 1_060_500_000 };
  assert.equal(parseInfo(text({ ...saved, rdb_last_bgsave_time_sec: 0 })).snapshot.ageSeconds, 60.5);
  assert.equal(parseInfo(text({ ...saved, rdb_last_bgsave_time_sec: -1 })).snapshot.ageSeconds, undefined);
});

test('a rewrite that is due counts as running', () => {
  assert.equal(parseInfo(text({ aof_rewrite_scheduled: 1 })).aof.rewriting, true);
  assert.equal(parseInfo(text({ aof_rewrite_in_progress: 1 })).aof.rewriting, true);
  assert.equal(parseInfo(text({ aof_rewrite_in_progress: 0 })).aof.rewriting, false);
});

test('only "ok" is ok', () => {
  const { aof, snapshot } = parseInfo(text({ aof_last_write_status: 'err', rdb_last_bgsave_status: 'err' }));
  assert.deepEqual([aof.lastWriteOk, snapshot.lastOk], [false, false]);
});

test('what a version does not tell counts as harmless', () => {
  const info = parseInfo('');
  assert.deepEqual([info.loading, info.aof.lastWriteOk, info.snapshot.lastOk, info.usedMemory], [false, true, true, 0]);
});

test('keys are counted over all databases', () => {
  const keyspace =
    'redis_version:8.0.2\r\n# Keyspace\r\ndb0:keys=12,expires=3,avg_ttl=10\r\ndb5:keys=1,expires=0,avg_ttl=0\r\n';
  assert.deepEqual(parseInfo(keyspace).keys, { all: 13, expiring: 3 });
  assert.deepEqual(parseInfo('').keys, { all: 0, expiring: 0 });
});

test('what all replicas confirmed is what the last of them has, and nothing is missing where there is none', () => {
  const replica = (offset: number, state = 'online') =>
    `ip=10.0.0.${offset},port=6379,state=${state},offset=${offset},lag=0`;
  const { replication } = parseInfo(
    text({ slave0: replica(7), slave1: replica(5), slave2: replica(1, 'wait_bgsave') }),
  );
  assert.deepEqual([replication.replicas, replication.confirmed], [2, 5]);
  assert.equal(parseInfo('').replication.confirmed, Number.POSITIVE_INFINITY);
});
