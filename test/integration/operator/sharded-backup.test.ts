import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { redisPassword } from '../../../contract/credentials.ts';
import { REDIS_PORT } from '../../../contract/names.ts';
import type { KVBackup, KVStore } from '../../../contract/objects.ts';
import { pods } from '../../../kube/resources.ts';
import { countOf } from '../../../operator/redis/cluster-nodes.ts';
import {
  backupWhen,
  completeReason,
  createBackup,
  createSchedule,
  data,
  endPod,
  jobOf,
  podOf,
  scheduleWhen,
} from './backups.ts';
import { podsWanted, runShard } from './shard-redis.ts';
import {
  createNamespace,
  createStore,
  editStore,
  kvBackups,
  kvStores,
  masterKey,
  reasonOf,
  settled,
  startCluster,
  startWorld,
  statusWhen,
  until,
  writesIn,
} from './world.ts';

const { server, client: admin } = await startCluster();
/** Other addresses than those of shards in other files, which run at the same time. */
let used = 0;
const nextAddress = () => `127.0.2.${10 + used++}`;

const done = { ok: true, data: { ...data, parts: 2 }, seconds: 1 } as const;
type Status = NonNullable<KVStore['status']>;
const slotsOf = ({ members = [] }: Status) => members.map(({ slots = 0 }) => slots);
const progressing = ({ conditions }: Status) => conditions?.find(({ type }) => type === 'Progressing');

interface Sharded {
  world: Awaited<ReturnType<typeof startWorld>>;
  namespace: string;
  uid: string;
  addresses: string[];
  /** Starts the next shard. */
  join(): Promise<void>;
}

/** A store of two shards that runs in a namespace of that name. */
async function runningShards(t: TestContext, name: string, spec: Record<string, unknown> = {}): Promise<Sharded> {
  const world = await startWorld(t, server);
  const namespace = await createNamespace(admin, name);
  const { metadata } = await createStore(world, namespace, { shards: 2, ...spec });
  const addresses: string[] = [];
  const join = async () => {
    const host = nextAddress();
    await runShard(t, world, namespace, addresses.length, host);
    addresses.push(host);
  };
  await podsWanted(world, namespace, 2);
  await join();
  await join();
  const isWhole = (status: Status) => slotsOf(status).every((slots) => slots === 8192) && status.phase === 'Ready';
  await statusWhen(world, namespace, 'has two shards', isWhole);
  return { world, namespace, uid: metadata.uid, addresses, join };
}

/** Names of the users that each shard knows. */
async function users({ addresses, uid }: Sharded): Promise<string[][]> {
  return Promise.all(
    addresses.map(async (host) => {
      const password = redisPassword(masterKey, uid, 1, 'operator');
      const redis = new Redis({ host, port: REDIS_PORT, username: 'operator', password, disableClientInfo: true });
      const lines = (await redis.call('ACL', 'LIST')) as string[];
      redis.disconnect();
      return lines.map((line) => line.split(' ')[1] ?? '');
    }),
  );
}

test('one pod is let into all shards, is told their slots, and no trace of it is left', async (t) => {
  const sharded = await runningShards(t, 'shards-backup');
  const { world, namespace, addresses } = sharded;
  await createBackup(world, namespace, 'monday', { deletionPolicy: 'Delete' });
  const pod = await podOf(world, namespace, 'monday-backup');
  const job = jobOf(pod);
  assert.ok(job.verb === 'backup');
  assert.deepEqual(job.redis, [
    { host: addresses[0], port: REDIS_PORT, slots: [[0, 8191]] },
    { host: addresses[1], port: REDIS_PORT, slots: [[8192, 16383]] },
  ]);
  for (const known of await users(sharded)) assert.ok(known.includes('backup'), `${known}`);
  await endPod(world, pod, 0, done);
  const status = await backupWhen(world, namespace, 'is complete', (s) => s.phase === 'Completed');
  assert.deepEqual([status.shards, status.keys, status.sha256], [2, 3, data.sha256]);
  await until('the users are gone', async () => !(await users(sharded)).flat().includes('backup'));
  await settled(world);
  const writes = writesIn(world, namespace).length;
  await sleep(2_500);
  assert.equal(writesIn(world, namespace).length, writes, 'an idle backup costs no write');

  await admin.delete(kvBackups, { namespace, name: 'monday' });
  const remover = await podOf(world, namespace, 'monday-delete');
  assert.deepEqual(jobOf(remover), { verb: 'delete', place: job.place, parts: 2 });
  await endPod(world, remover, 0, { ok: true, seconds: 1 });
  await until('it is gone', async () => !(await admin.get(kvBackups, { namespace, name: 'monday' })));
});

test('slots wait for the backup that runs, and a backup for slots that move', async (t) => {
  const { world, namespace, join } = await runningShards(t, 'shards-turns');
  await createBackup(world, namespace);
  const pod = await podOf(world, namespace, 'monday-backup');
  await editStore(world, namespace, { shards: 3 });
  await podsWanted(world, namespace, 3);
  await join();
  const waits = await statusWhen(world, namespace, 'says what it waits for', (status) =>
    /when the KVBackup monday has read the shards/.test(progressing(status)?.message ?? ''),
  );
  assert.equal(reasonOf(waits, 'Progressing'), 'MovingSlots');
  await settled(world);
  const writes = writesIn(world, namespace).length;
  await sleep(2_500);
  assert.equal(writesIn(world, namespace).length, writes, 'waiting costs no write');
  assert.deepEqual(slotsOf(await statusWhen(world, namespace, 'no slot moves', () => true)), [8192, 8192, 0]);

  let steps = 0;
  world.onCluster = ([word]) => {
    if (word === 'SETSLOT' && ++steps > 1000) throw new Error('it gets no further for now');
  };
  await endPod(world, pod, 0, done);
  await backupWhen(world, namespace, 'is complete', (s) => s.phase === 'Completed');
  await until('slots move', async () => steps > 1000);
  await createBackup(world, namespace, 'tuesday');
  const told = (s: NonNullable<KVBackup['status']>) =>
    completeReason(s) === 'StoreNotReady' && /have settled/.test(s.conditions?.[0]?.message ?? '');
  await backupWhen(world, namespace, 'waits for them', (s) => s.phase === 'Pending' && told(s), 'tuesday');
  assert.equal(await admin.get(pods, { namespace, name: 'tuesday-backup' }), undefined);
  world.onCluster = undefined;
  const job = jobOf(await until('its pod', () => podOf(world, namespace, 'tuesday-backup'), 300_000));
  assert.ok(job.verb === 'backup' && !('host' in job.redis));
  const held = job.redis.map(({ slots }) => countOf(slots));
  assert.equal(held.length, 3);
  assert.equal(
    held.reduce((sum, count) => sum + count),
    16_384,
  );
  assert.ok(
    held.every((count) => count >= Math.floor(16_384 / 3)),
    `${held}`,
  );
});

test('shards that cannot join do not keep those that serve from being backed up', async (t) => {
  const { world, namespace } = await runningShards(t, 'shards-stuck');
  await editStore(world, namespace, { shards: 3 });
  await podsWanted(world, namespace, 3);
  await createBackup(world, namespace);
  const job = jobOf(await podOf(world, namespace, 'monday-backup'));
  assert.ok(job.verb === 'backup' && !('host' in job.redis) && job.redis.length === 2);
});

test('a schedule makes backups of shards, and a deletion waits for the last one', async (t) => {
  const target = { volume: { claimName: 'vault' } };
  const { world, namespace } = await runningShards(t, 'shards-final', { deletionPolicy: 'Backup', backup: { target } });
  await createSchedule(world, namespace, { schedule: '0 3 * * *' });
  await scheduleWhen(world, namespace, 'is ready', ({ conditions }) => conditions?.[0]?.reason === 'Scheduled');
  await admin.delete(kvStores, { namespace, name: 'main' });
  await statusWhen(world, namespace, 'says that it is backed up', (s) => reasonOf(s, 'Progressing') === 'BackingUp');
  const { metadata } = await until(
    'the last backup',
    async () => (await admin.list<KVBackup>(kvBackups, { namespace })).items[0],
  );
  await endPod(world, await podOf(world, namespace, `${metadata.name}-backup`), 0, done);
  await endPod(world, await podOf(world, namespace, `${metadata.name}-verify`), 0, done);
  await until('the store is gone', async () => !(await admin.get(kvStores, { namespace, name: 'main' })));
  const last = await admin.get<KVBackup>(kvBackups, { namespace, name: metadata.name });
  assert.deepEqual([last?.status?.phase, last?.status?.shards], ['Completed', 2]);
});
