import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { generateIdentity } from 'age-encryption';
import { Redis } from 'ioredis';
import { startRedis } from '../../../cluster/test-redis.ts';
import { BACKUP_PATHS, type BackupData, type BackupPlace } from '../../../contract/backup.ts';
import { makePod, type PodFiles, placeIn, placeOn, runHere, SOURCE } from './pipeline.ts';
import { startPlace, startSource } from './servers.ts';

const VERSIONS = ['7.0', '8.0'] as const;
const s3 = await startPlace();

async function done(pod: PodFiles, job: Parameters<typeof runHere>[1]): Promise<BackupData> {
  const { code, result, output } = await runHere(pod, job);
  assert.ok(code === 0 && result?.ok, output);
  return result.data ?? assert.fail('no data is told');
}

/** Starts a Redis of that version on what `fetch` left in a pod. */
async function restored(pod: PodFiles, version: (typeof VERSIONS)[number]): Promise<Redis> {
  const folder = mkdtempSync(join(tmpdir(), 'cubby-restored-'));
  copyFileSync(pod.path(BACKUP_PATHS.fetched), join(folder, 'dump.rdb'));
  const server = await startRedis({ version, config: ['--dir', folder] });
  const client = new Redis({ host: server.host, port: server.port });
  after(async () => {
    client.disconnect();
    await server.stop();
  });
  return client;
}

async function podWithKey(): Promise<PodFiles> {
  const pod = makePod();
  pod.write(BACKUP_PATHS.identity, await generateIdentity());
  return pod;
}

/** Writes keys in order, each once, until it is told to end; `acknowledged` is how many. */
function write(client: Redis) {
  const load = { acknowledged: 0, stop: false };
  const ended = (async () => {
    for (let at = 0; !load.stop; at += 50) {
      const pipeline = client.pipeline();
      for (let index = at; index < at + 50; index++) {
        if (index % 3 === 0) pipeline.set(`key:${index}`, contentOf(index), 'PXAT', expiryOf(index));
        else pipeline.set(`key:${index}`, contentOf(index));
      }
      for (const [error] of (await pipeline.exec()) ?? []) assert.equal(error, null);
      load.acknowledged = at + 50;
    }
  })();
  return { load, ended };
}

const START = Date.now();
const contentOf = (index: number) => Buffer.from(`${index}\0\r\n\xff`.repeat(1 + (index % 40)), 'latin1');
const expiryOf = (index: number) => START + 3_600_000 + index;

for (const version of VERSIONS) {
  for (const [name, place] of [
    ['S3', () => placeIn(s3, `load-${version}/main`)],
    ['S3, encrypted', () => placeIn(s3, `load-${version}/encrypted`, true)],
    ['a volume', () => placeOn('backups', `load-${version}/main`)],
    ['a volume, encrypted', () => placeOn('backups', `load-${version}/encrypted`, true)],
  ] satisfies [string, () => BackupPlace][]) {
    test(`Redis ${version} under load, to ${name}: all that was acknowledged before is there, to the byte and the millisecond`, async () => {
      const { redis, client } = await startSource(version);
      const pod = await podWithKey();
      const { load, ended } = write(client);
      while (load.acknowledged < 20_000) await new Promise((resolve) => setTimeout(resolve, 5));
      const before = load.acknowledged;
      const data = await done(pod, { verb: 'backup', place: place(), redis, source: SOURCE });
      load.stop = true;
      await ended;
      assert.deepEqual(await done(pod, { verb: 'verify', place: place() }), data);
      assert.deepEqual(await done(pod, { verb: 'fetch', place: place() }), data);

      const copy = await restored(pod, version);
      const keys = await copy.dbsize();
      assert.ok(keys >= before, `${keys} of ${before} that were acknowledged`);
      assert.equal(data.keys, keys);
      assert.equal(data.expiringKeys, Math.ceil(keys / 3));
      // The keys were written in order: those of one moment are the first ones, without a gap.
      for (let at = 0; at < keys; at += 1000) {
        const indexes = Array.from({ length: Math.min(1000, keys - at) }, (_, step) => at + step);
        const values = await copy.mgetBuffer(indexes.map((index) => `key:${index}`));
        const pipeline = copy.pipeline();
        for (const index of indexes) pipeline.pexpiretime(`key:${index}`);
        const times = ((await pipeline.exec()) ?? []).map(([, time]) => time);
        assert.deepEqual(values, indexes.map(contentOf));
        assert.deepEqual(
          times,
          indexes.map((index) => (index % 3 === 0 ? expiryOf(index) : -1)),
        );
      }
      assert.equal(data.redisVersion.slice(0, 3), version);
    });
  }

  test(`an empty Redis ${version} is backed up and restored`, async () => {
    const { redis } = await startSource(version);
    const pod = makePod();
    const data = await done(pod, { verb: 'backup', place: placeIn(s3, `empty-${version}`), redis, source: SOURCE });
    assert.deepEqual([data.keys, data.expiringKeys], [0, 0]);
    await done(pod, { verb: 'fetch', place: placeIn(s3, `empty-${version}`) });
    assert.equal(await (await restored(pod, version)).dbsize(), 0);
  });

  test(`Redis ${version} that sends from its disk, of a length, is backed up as well`, async () => {
    const { redis, client } = await startSource(version, ['--repl-diskless-sync', 'no']);
    await client.mset(Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`k${index}`, 'v'.repeat(index)])));
    const pod = makePod();
    const data = await done(pod, { verb: 'backup', place: placeOn('b', `disk-${version}`), redis, source: SOURCE });
    assert.equal(data.keys, 1000);
  });

  test(`every type of Redis ${version} comes back as it was`, async () => {
    const { redis, client } = await startSource(version, ['--rdbchecksum', version === '7.0' ? 'no' : 'yes']);
    await client.hset('hash', { a: '1', b: '2' });
    await client.rpush('list', ...Array.from({ length: 500 }, (_, index) => `${index}`));
    await client.zadd('zset', 1.5, 'a', -2, 'b');
    await client.sadd('set', 'x');
    await client.xadd('stream', '1-1', 'field', 'value');
    await client.set('gone', 'soon', 'PX', 1);
    const keys = ['hash', 'list', 'zset', 'set', 'stream'];
    const dumps = await Promise.all(keys.map((key) => client.dumpBuffer(key)));
    const pod = makePod();
    await done(pod, { verb: 'backup', place: placeOn('b', `types-${version}`), redis, source: SOURCE });
    await done(pod, { verb: 'fetch', place: placeOn('b', `types-${version}`) });
    const copy = await restored(pod, version);
    assert.deepEqual(await Promise.all(keys.map((key) => copy.dumpBuffer(key))), dumps);
    assert.equal(await copy.dbsize(), keys.length);
  });
}
