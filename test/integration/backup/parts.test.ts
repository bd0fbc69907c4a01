import assert from 'node:assert/strict';
import { copyFileSync, globSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { generateIdentity } from 'age-encryption';
import { Cluster, Redis } from 'ioredis';
import { startCluster, type TestCluster } from '../../../cluster/test-cluster.ts';
import { startRedis } from '../../../cluster/test-redis.ts';
import { BACKUP_PATHS, type BackupJob, type BackupPart, type BackupPlace } from '../../../contract/backup.ts';
import { BACKUP_USER, makePod, type PodFiles, placeIn, placeOn, runHere, SOURCE, startBackup } from './pipeline.ts';
import { startPlace } from './servers.ts';

const SHARDS = 3;
const KEY = await generateIdentity();
const user = { username: 'default', password: 'of-these-tests' };
/** What the operator knows of the slots of each shard. */
const slots = Array.from({ length: SHARDS }, (_, i) => {
  const [from = 0, to = 0] = [i, i + 1].map((part) => Math.round((part * 16_384) / SHARDS));
  return [[from, to - 1]] as const;
});
const s3 = await startPlace();

/** A store of shards, and a client that follows their redirects. */
async function startShards(version: '7.0' | '8.0' = '8.0'): Promise<{ cluster: TestCluster; client: Cluster }> {
  const config = [...BACKUP_USER, '--requirepass', user.password];
  const cluster = await startCluster({ version, config }, SHARDS, user);
  const client = new Cluster([...cluster.shards], { redisOptions: user });
  after(async () => {
    client.disconnect();
    await cluster.stop();
  });
  return { cluster, client };
}

const backup = (place: BackupPlace, { shards }: TestCluster): BackupJob => ({
  verb: 'backup',
  place,
  redis: shards.map(({ host, port }, i) => ({ host, port, slots: slots[i] ?? [] })),
  source: SOURCE,
});
const partOf = (member: number): BackupPart => ({ member, of: SHARDS, slots: slots[member] ?? [] });

function podWithKey(): PodFiles {
  const pod = makePod();
  pod.write(BACKUP_PATHS.identity, KEY);
  return pod;
}

async function done(pod: PodFiles, job: BackupJob) {
  const { result, output } = await runHere(pod, job);
  assert.ok(result?.ok, output);
  return result.data;
}

async function assertFails(pod: PodFiles, job: BackupJob, reason: string): Promise<string> {
  const { result } = await runHere(pod, job);
  assert.ok(result && !result.ok && result.reason === reason, JSON.stringify(result));
  return result.message;
}

/** What a Redis finds in a part, which it loads. */
async function load(pod: PodFiles, place: BackupPlace, member: number): Promise<Map<string, string | null>> {
  await done(pod, { verb: 'fetch', place, part: partOf(member) });
  const folder = mkdtempSync(join(tmpdir(), 'cubby-part-'));
  copyFileSync(pod.path(BACKUP_PATHS.fetched), join(folder, 'dump.rdb'));
  const redis = await startRedis({ version: '8.0', config: ['--dir', folder] });
  const reader = new Redis(redis);
  const keys = await reader.keys('*');
  const values = keys.length === 0 ? [] : await reader.mget(keys);
  reader.disconnect();
  await redis.stop();
  rmSync(folder, { recursive: true });
  return new Map(keys.map((key, i) => [key, values[i] ?? null]));
}

/** All that is stored of a place, by file name. */
function stored(pod: PodFiles, { target, object }: BackupPlace): string[] {
  const folder = target.s3 ? s3.directory : pod.path(BACKUP_PATHS.volume);
  return globSync(`${join(folder, object)}*`).sort();
}

for (const version of ['7.0', '8.0'] as const) {
  for (const [name, placed] of [
    ['S3', () => placeIn(s3, `parts-${version}/main`)],
    ['S3, encrypted', () => placeIn(s3, `parts-${version}/encrypted`, true)],
    ['a volume', () => placeOn('b', `parts-${version}/main`)],
  ] as const) {
    test(`Redis ${version} to ${name}: each key that was acknowledged before is in one part, whatever is written`, async () => {
      const { cluster, client } = await startShards(version);
      const pod = podWithKey();
      const place = placed();
      let acknowledged = 0;
      let over = false;
      const writing = (async () => {
        for (; !over; acknowledged += 100) {
          const keys = Array.from({ length: 100 }, (_, i) => `key:${acknowledged + i}`);
          await Promise.all(keys.map((key) => client.set(key, `of ${key}`)));
        }
      })();
      while (acknowledged < 5000) await sleep(10);
      const before = acknowledged;
      const data = await done(pod, backup(place, cluster));
      over = true;
      await writing;
      assert.equal(data?.parts, SHARDS);
      assert.deepEqual(await done(pod, { verb: 'verify', place }), data);
      const seen = new Map<string, string | null>();
      let found = 0;
      for (let member = 0; member < SHARDS; member++) {
        const part = await load(pod, place, member);
        found += part.size;
        for (const [key, value] of part) seen.set(key, value);
      }
      assert.equal(seen.size, found, 'no key is in two parts');
      assert.equal(data?.keys, found);
      for (let i = 0; i < before; i++) assert.equal(seen.get(`key:${i}`), `of key:${i}`);
    });
  }
}

test('a program that is killed at any moment leaves nothing that claims to be whole, and what it leaves can be removed', async () => {
  const { cluster, client } = await startShards();
  const value = Buffer.alloc(1_000_000, 'x');
  for (let i = 0; i < 60; i++) await client.set(`large:${i}`, value);
  for (const place of [placeIn(s3, 'killed-parts/a'), placeOn('b', 'killed-parts/a')]) {
    const pod = podWithKey();
    const whole = await done(pod, backup(place, cluster));
    let halves = 0;
    for (let step = 0; step < 8; step++) {
      const running = await startBackup(pod, backup(place, cluster));
      let isOver = false;
      void running.ended.then(() => {
        isOver = true;
      });
      const enough = ((whole?.size ?? 0) * step) / 8;
      while (!isOver && ((await running.progress().catch(() => undefined))?.bytes ?? 0) < enough) await sleep(1);
      running.kill();
      await running.ended;
      const { result } = await runHere(pod, { verb: 'verify', place });
      if (result?.ok) continue;
      assert.equal(result?.reason, 'NotFound', `half a backup claims to be whole: ${result?.message}`);
      if (stored(pod, place).some((file) => file.includes('.rdb'))) halves++;
    }
    assert.ok(halves > 0, 'some were killed with a part stored');
    await done(pod, { verb: 'delete', place, parts: SHARDS });
    assert.deepEqual(stored(pod, place), []);
    await done(pod, backup(place, cluster));
    await done(pod, { verb: 'verify', place });
  }
});

test('a shard that ends in the middle leaves nothing, and is told as worth another try', async () => {
  const { cluster, client } = await startShards();
  for (let i = 0; i < 300; i++) await client.set(`key:${i}`, 'x');
  await cluster.shards[SHARDS - 1]?.kill();
  for (const place of [placeIn(s3, 'lost-shard/a'), placeOn('b', 'lost-shard/a')]) {
    const pod = podWithKey();
    const { code, result } = await runHere(pod, backup(place, cluster));
    assert.equal(code, 75);
    assert.ok(result && !result.ok && result.reason === 'SourceUnavailable', JSON.stringify(result));
    assert.deepEqual(stored(pod, place), []);
  }
});

test('a part that is gone, cut off, changed, or another one is refused by whoever reads it', async () => {
  const { cluster, client } = await startShards();
  for (let i = 0; i < 3000; i++) await client.set(`key:${i}`, `value ${i}`);
  for (const place of [placeIn(s3, 'damaged/a'), placeOn('b', 'damaged/a'), placeOn('b', 'damaged/secret', true)]) {
    const pod = podWithKey();
    await done(pod, backup(place, cluster));
    const parts = stored(pod, place).filter((file) => file.includes('.rdb'));
    assert.equal(parts.length, SHARDS);
    const [first = '', second = '', last = ''] = parts;
    const sound = readFileSync(last);
    const refused = async () => {
      await assertFails(pod, { verb: 'verify', place }, 'Corrupt');
      await assertFails(pod, { verb: 'fetch', place, part: partOf(2) }, 'Corrupt');
      await done(pod, { verb: 'fetch', place, part: partOf(1) });
    };
    for (const share of [0.3, 0.9]) {
      const changed = Buffer.from(sound);
      const at = Math.floor(share * changed.length);
      changed[at] = (changed[at] ?? 0) ^ 4;
      writeFileSync(last, changed);
      await refused();
    }
    writeFileSync(last, sound.subarray(0, -1));
    await refused();
    // S3 notes the length of an object beside it, which a longer one does not follow.
    if (place.target.volume) {
      copyFileSync(first, last);
      await refused();
    }
    rmSync(last);
    await refused();
    assert.equal(basename(second).includes('.1.rdb'), true);
    renameSync(second, `${second}.away`);
    await assertFails(pod, { verb: 'verify', place }, 'Corrupt');
  }
});

test('a backup is fetched only for as many shards as it is of, and where slots are given only for those', async () => {
  const { cluster, client } = await startShards();
  await client.set('key', 'x');
  const [place, plain] = [placeOn('b', 'differ/shards'), placeOn('b', 'differ/plain')];
  const pod = podWithKey();
  await done(pod, backup(place, cluster));
  const [one] = cluster.shards;
  assert.ok(one);
  const data = await done(pod, {
    verb: 'backup',
    place: plain,
    redis: { host: one.host, port: one.port },
    source: SOURCE,
  });
  assert.equal(data?.parts, undefined);
  const fetch = (part: BackupPart | undefined, from = place): BackupJob => ({
    verb: 'fetch',
    place: from,
    ...(part && { part }),
  });
  assert.match(await assertFails(pod, fetch(undefined), 'ShardsDiffer'), /new store with spec.shards: 3/);
  assert.match(await assertFails(pod, fetch({ member: 0, of: 4 }), 'ShardsDiffer'), /3 shards and the store has 4/);
  assert.match(await assertFails(pod, fetch(partOf(0), plain), 'ShardsDiffer'), /without spec.shards/);
  const others = { ...partOf(0), slots: [[0, 8000]] as const };
  assert.match(await assertFails(pod, fetch(others), 'ShardsDiffer'), /had other slots/);
  await done(pod, fetch({ member: 0, of: SHARDS }));
  const part = await done(pod, fetch(partOf(0)));
  assert.equal(part?.parts, undefined);
});
