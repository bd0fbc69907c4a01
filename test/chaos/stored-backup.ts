import { rmSync } from 'node:fs';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Cluster, Redis } from 'ioredis';
import { startCluster } from '../../cluster/test-cluster.ts';
import { startRedis } from '../../cluster/test-redis.ts';
import { BACKUP_PATHS, type BackupData, type BackupJob } from '../../contract/backup.ts';
import type { KubeObject } from '../../kube/object.ts';
import { persistentVolumeClaims } from '../../kube/resources.ts';
import { BACKUP_USER, PASSWORD, placeOn, runBackup, SOURCE } from '../integration/backup/pipeline.ts';
import { SHARED_VOLUME_ANNOTATION } from './node.ts';
import type { Scene } from './scene.ts';

/** Hash slots of a Redis Cluster. */
const SLOTS = 16_384;

/** A backup on a volume, as another cluster may have left it. */
export interface StoredBackup {
  /** The directory of the volume. */
  directory: string;
  /** Path of the backup on it. */
  object: string;
  data: BackupData;
}

/** Makes a backup of a Redis that holds what `fill` writes; it is there until this process ends. */
export async function storeBackup(
  fill: (redis: Redis) => Promise<unknown>,
  version: '7.0' | '8.0' = '7.0',
): Promise<StoredBackup> {
  const server = await startRedis({ version, config: BACKUP_USER });
  const redis = new Redis({ port: server.port, host: server.host });
  try {
    await fill(redis);
    return await store({ host: server.host, port: server.port });
  } finally {
    redis.disconnect();
    await server.stop();
  }
}

/** Makes a backup of a cluster of so many shards with equal parts of the slots. */
export async function storeShards(shards: number, fill: (cluster: Cluster) => Promise<unknown>): Promise<StoredBackup> {
  const user = { username: 'default', password: PASSWORD };
  const servers = await startCluster(
    { version: '8.0', config: [...BACKUP_USER, '--requirepass', PASSWORD] },
    shards,
    user,
  );
  const cluster = new Cluster([...servers.shards], { redisOptions: user });
  try {
    await fill(cluster);
    return await store(
      servers.shards.map(({ host, port }, i) => {
        const [from = 0, to = 0] = [i, i + 1].map((part) => Math.round((part * SLOTS) / shards));
        return { host, port, slots: [[from, to - 1]] as const };
      }),
    );
  } finally {
    cluster.disconnect();
    await servers.stop();
  }
}

async function store(redis: Extract<BackupJob, { verb: 'backup' }>['redis']): Promise<StoredBackup> {
  const root = await mkdtemp(join(tmpdir(), 'cubby-stored-'));
  process.once('exit', () => rmSync(root, { recursive: true, force: true }));
  const path = (name: string) => join(root, name);
  for (const folder of ['/dev', BACKUP_PATHS.volume, dirname(BACKUP_PATHS.redisPassword)])
    await mkdir(path(folder), { recursive: true });
  await writeFile(path(BACKUP_PATHS.redisPassword), PASSWORD);
  const object = 'elsewhere/main/nightly-1b4f0e98';
  const job = { verb: 'backup', place: placeOn('backups', object), redis, source: SOURCE } as const;
  const { result, output } = await runBackup({ root, path, write: () => {} }, job);
  if (!result?.ok || !result.data) throw new Error(`the backup was not made: ${output}`);
  return { directory: path(BACKUP_PATHS.volume), object, data: result.data };
}

/** Makes the claim `backups` of a namespace, on which the backup is, and returns the spec.restoreFrom that leads to it. */
export async function offerBackup(
  { client, namespace }: Pick<Scene, 'client' | 'namespace'>,
  { directory, object }: StoredBackup,
) {
  const metadata = {
    name: 'backups',
    namespace,
    labels: { 'app.kubernetes.io/managed-by': 'cubby' },
    annotations: { [SHARED_VOLUME_ANNOTATION]: directory },
  };
  const spec = { accessModes: ['ReadWriteMany'], resources: { requests: { storage: '1Gi' } } };
  const claim = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata, spec };
  await client.create(persistentVolumeClaims, claim as KubeObject);
  return { object: { target: { volume: { claimName: 'backups' } }, path: object } };
}
