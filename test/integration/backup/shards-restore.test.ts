import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Cluster, Redis } from 'ioredis';
import { findFreePorts } from '../../../cluster/daemon.ts';
import { startCluster } from '../../../cluster/test-cluster.ts';
import { startRedis, type TestRedis } from '../../../cluster/test-redis.ts';
import { BACKUP_PATHS, type BackupJob, type BackupPart } from '../../../contract/backup.ts';
import { planShards } from '../../../operator/reconcile/shards-plan.ts';
import { type ClusterView, parseClusterNodes } from '../../../operator/redis/cluster-nodes.ts';
import { BACKUP_USER, makePod, type PodFiles, placeOn, runHere, SOURCE } from './pipeline.ts';

const SHARDS = 3;
const KEYS = 3000;
const HOST = '127.0.0.1';
const user = { username: 'default', password: 'of-these-tests' };
const slots = Array.from({ length: SHARDS }, (_, i) => {
  const [from = 0, to = 0] = [i, i + 1].map((part) => Math.round((part * 16_384) / SHARDS));
  return [[from, to - 1]] as const;
});
const place = placeOn('backups', 'shop/main/nightly-1');

async function done(pod: PodFiles, job: BackupJob): Promise<void> {
  const { result, output } = await runHere(pod, job);
  assert.ok(result?.ok, output);
}

/** Keys that are not in every slot, one of which has expired by the time it is read. */
async function makeBackup(pod: PodFiles, version: '7.0' | '8.0') {
  const config = [...BACKUP_USER, '--requirepass', user.password];
  const cluster = await startCluster({ version, config }, SHARDS, user);
  const client = new Cluster([...cluster.shards], { redisOptions: user });
  for (let i = 0; i < KEYS; i++) await client.set(`key:${i}`, `of ${i}`);
  await client.set('brief', 'gone', 'PX', 500);
  const redis = cluster.shards.map(({ host, port }, i) => ({ host, port, slots: slots[i] ?? [] }));
  await done(pod, { verb: 'backup', place, redis, source: SOURCE });
  client.disconnect();
  await cluster.stop();
  await sleep(600);
}

/** Puts a part of the backup in the place of what the shard of that pod has. */
async function swapIn(source: PodFiles, pod: PodFiles, part: BackupPart): Promise<PodFiles> {
  await done(source, { verb: 'fetch', place, part });
  mkdirSync(dirname(pod.path(BACKUP_PATHS.fetched)), { recursive: true });
  copyFileSync(source.path(BACKUP_PATHS.fetched), pod.path(BACKUP_PATHS.fetched));
  await done(pod, { verb: 'swap', as: 'aof' });
  return pod;
}

/** A new shard, which begins with its part, and its bus. */
async function startShard(pod: PodFiles, version: '7.0' | '8.0'): Promise<TestRedis & { bus: number }> {
  const [port = 0, bus = 0] = await findFreePorts(2);
  const config = [
    ...['--cluster-enabled', 'yes', '--cluster-port', String(bus), '--cluster-require-full-coverage', 'no'],
    ...['--appendonly', 'yes', '--dir', pod.path(BACKUP_PATHS.data), '--requirepass', user.password],
  ];
  const redis = await startRedis({ version, config, listen: { host: HOST, port } });
  after(() => redis.stop());
  return { ...redis, bus };
}

const ask = async (port: number, ...[command = '', ...args]: string[]) => {
  const redis = new Redis({ port, ...user, protocol: 2, disableClientInfo: true });
  try {
    return await redis.call(command, ...args);
  } finally {
    redis.disconnect();
  }
};
const viewOf = async ({ port }: TestRedis): Promise<ClusterView> =>
  parseClusterNodes(String(await ask(port, 'CLUSTER', 'NODES')));
const serves = async (port: number) => String(await ask(port, 'CLUSTER', 'INFO')).includes('cluster_state:ok');

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 60_000; !(await holds()); await sleep(50)) assert.ok(Date.now() < end);
}

for (const version of ['7.0', '8.0'] as const) {
  test(`shards of Redis ${version} take the slots of the keys that they begin with, and keep them when they meet`, async () => {
    const source = makePod();
    await makeBackup(source, version);
    const pods: PodFiles[] = [];
    for (const member of slots.keys()) pods.push(await swapIn(source, makePod(), { member, of: SHARDS }));
    const shards = await Promise.all(pods.map((pod) => startShard(pod, version)));
    const alone = await Promise.all(shards.map(viewOf));
    alone.forEach(({ slots: own }, i) => {
      const [[first, last]] = slots[i] as [readonly [number, number]];
      assert.ok(own.length > 1 && own.every(([from, to]) => from >= first && to <= last), 'those of its keys');
    });
    // What the operator does, by what it decides from.
    await until(async () => {
      const { meet, assign } = planShards(await Promise.all(shards.map(viewOf)));
      for (const { at, to } of meet)
        await ask(shards[at]?.port ?? 0, 'CLUSTER', 'MEET', HOST, String(shards[to]?.port), String(shards[to]?.bus));
      if (meet.length > 0) return false;
      for (const { at, ranges } of assign)
        await ask(shards[at]?.port ?? 0, 'CLUSTER', 'ADDSLOTSRANGE', ...ranges.flat().map(String));
      return assign.length === 0;
    });
    const settled = async () => {
      const views = await Promise.all(shards.map(viewOf));
      const { informed, lost, moves } = planShards(views);
      assert.equal(lost, 0);
      assert.deepEqual(moves, []);
      return informed || views.every(({ others }) => others.size === SHARDS - 1);
    };
    await until(settled);
    const client = new Cluster(
      shards.map(({ port }) => ({ host: HOST, port })),
      { redisOptions: user },
    );
    for (const { port } of shards) await until(() => serves(port));
    for (let i = 0; i < KEYS; i++) assert.equal(await client.get(`key:${i}`), `of ${i}`);
    assert.equal(await client.get('brief'), null);
    client.disconnect();
    // In place: the slots are those of the part, so that the shard goes on with what it knows.
    const [shard, pod] = [shards[1], pods[1]];
    assert.ok(shard && pod);
    const own = (await viewOf(shard)).slots;
    await ask(shard.port, 'SET', await keyIn(own, shard.port), 'new');
    await shard.kill();
    await done(pod, { verb: 'clean' });
    await swapIn(source, pod, { member: 1, of: SHARDS, slots: slots[1] ?? [] });
    await shard.restart();
    assert.deepEqual((await viewOf(shard)).slots, own);
    await until(() => serves(shard.port));
    assert.equal(await ask(shard.port, 'EXISTS', await keyIn(own, shard.port)), 0);
    const loaded = String(await ask(shard.port, 'INFO', 'persistence'));
    assert.match(loaded, /rdb_last_load_keys_loaded:[1-9]/);
  });
}

/** A key of that shard that no backup has. */
async function keyIn(own: ClusterView['slots'], port: number): Promise<string> {
  for (let i = 0; ; i++) {
    const slot = Number(await ask(port, 'CLUSTER', 'KEYSLOT', `other:${i}`));
    if (own.some(([first, last]) => slot >= first && slot <= last)) return `other:${i}`;
  }
}
