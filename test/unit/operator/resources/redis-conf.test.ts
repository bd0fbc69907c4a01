import assert from 'node:assert/strict';
import { test } from 'node:test';
import { redisConf } from '../../../../operator/resources/redis-conf.ts';
import { plan } from '../objects.ts';

const linesOf = (mode: 'aof' | 'rdb' | 'none', fsync: 'everysec' | 'always' = 'everysec') =>
  redisConf({ ...plan().settings, mode, fsync })
    .trim()
    .split('\n');

test('redis.conf for aof, to the letter', () => {
  assert.deepEqual(linesOf('aof'), [
    'bind * -::*',
    'port 6379',
    'protected-mode no',
    'tcp-keepalive 60',
    'timeout 0',
    'dir /data',
    'aclfile /etc/redis/users.acl',
    'aof-use-rdb-preamble yes',
    'shutdown-timeout 10',
    'maxmemory 67108864',
    'maxmemory-policy noeviction',
    'appendfsync everysec',
    'appendonly yes',
    'save ""',
  ]);
});

test('each mode has its persistence and no other', () => {
  const persistence = (lines: string[]) => lines.filter((line) => /^(appendonly|save) /.test(line));
  assert.deepEqual(persistence(linesOf('aof')), ['appendonly yes', 'save ""']);
  assert.deepEqual(persistence(linesOf('rdb')), ['appendonly no', 'save 3600 1 300 100 60 10000']);
  assert.deepEqual(persistence(linesOf('none')), ['appendonly no', 'save ""']);
});

test('fsync is as spec says', () => {
  assert.ok(linesOf('aof', 'always').includes('appendfsync always'));
});

test('a primary takes writes only while it and the replicas that answer are a majority of the members', () => {
  const required = (members: number) =>
    /^min-replicas-to-write (.*)$/m.exec(redisConf({ ...plan().settings, members }))?.[1];
  assert.deepEqual([3, 5].map(required), ['1', '2']);
});
