import { rmSync } from 'node:fs';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Redis } from 'ioredis';
import { startRedis } from '../../cluster/test-redis.ts';
import { BACKUP_PATHS, type BackupData } from '../../contract/backup.ts';
import type { KubeObject } from '../../kube/object.ts';
import { persistentVolumeClaims } from '../../kube/resources.ts';
import { BACKUP_USER, PASSWORD, placeOn, runBackup, SOURCE } from '../integration/backup/pipeline.ts';
import { SHARED_VOLUME_ANNOTATION } from './node.ts';
import type { Scene } from './scene.ts';

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
  const root = await mkdtemp(join(tmpdir(), 'cubby-stored-'));
  process.once('exit', () => rmSync(root, { recursive: true, force: true }));
  const path = (name: string) => join(root, name);
  for (const folder of ['/dev', BACKUP_PATHS.volume, dirname(BACKUP_PATHS.redisPassword)])
    await mkdir(path(folder), { recursive: true });
  await writeFile(path(BACKUP_PATHS.redisPassword), PASSWORD);
  const server = await startRedis({ version, config: BACKUP_USER });
  const redis = new Redis({ port: server.port, host: server.host });
  try {
    await fill(redis);
    const object = 'elsewhere/main/nightly-1b4f0e98';
    const at = { host: server.host, port: server.port };
    const job = { verb: 'backup', place: placeOn('backups', object), redis: at, source: SOURCE } as const;
    const { result, output } = await runBackup({ root, path, write: () => {} }, job);
    if (!result?.ok || !result.data) throw new Error(`the backup was not made: ${output}`);
    return { directory: path(BACKUP_PATHS.volume), object, data: result.data };
  } finally {
    redis.disconnect();
    await server.stop();
  }
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
