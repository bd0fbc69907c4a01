import type { BackupData, BackupJob, BackupResult } from '../../../contract/backup.ts';
import { API_VERSION, type KVBackup, type KVBackupSchedule } from '../../../contract/objects.ts';
import type { KubeObject } from '../../../kube/object.ts';
import { pods } from '../../../kube/resources.ts';
import { setPodStatus } from './players.ts';
import { kvBackupSchedules, kvBackups, until, type World } from './world.ts';

type Client = Pick<World, 'client'>;

/** What a pod says that has stored three keys. */
export const data: BackupData = {
  size: 120,
  storedSize: 120,
  sha256: 'a'.repeat(64),
  keys: 3,
  expiringKeys: 1,
  redisVersion: '8.0.2',
  rdbVersion: 12,
};

/** Creates a KVBackup of the store `main` to a volume. */
export function createBackup(
  { client }: Client,
  namespace: string,
  name = 'monday',
  spec: Record<string, unknown> = {},
): Promise<KubeObject> {
  const target = { volume: { claimName: 'vault' } };
  return client.create(kvBackups, {
    apiVersion: API_VERSION,
    kind: 'KVBackup',
    metadata: { namespace, name },
    spec: { storeRef: { name: 'main' }, target, ...spec },
  });
}

/** Creates a KVBackupSchedule of the store `main` to a volume, for every minute. */
export function createSchedule(
  { client }: Client,
  namespace: string,
  spec: Record<string, unknown> = {},
  name = 'often',
): Promise<KubeObject> {
  const target = { volume: { claimName: 'vault' } };
  return client.create(kvBackupSchedules, {
    apiVersion: API_VERSION,
    kind: 'KVBackupSchedule',
    metadata: { namespace, name },
    spec: { storeRef: { name: 'main' }, schedule: '* * * * *', target, ...spec },
  });
}

/** The schedule's status once it `holds`. */
export function scheduleWhen(
  { client }: Client,
  namespace: string,
  what: string,
  holds: (status: NonNullable<KVBackupSchedule['status']>) => unknown,
  name = 'often',
): Promise<NonNullable<KVBackupSchedule['status']>> {
  return until(`${namespace}/${name}: ${what}`, async () => {
    const found = await client.get<KVBackupSchedule>(kvBackupSchedules, { namespace, name });
    return found?.status && holds(found.status) ? found.status : undefined;
  });
}

/** The backup's status once it `holds`. */
export function backupWhen(
  { client }: Client,
  namespace: string,
  what: string,
  holds: (status: NonNullable<KVBackup['status']>) => unknown,
  name = 'monday',
): Promise<NonNullable<KVBackup['status']>> {
  return until(`${namespace}/${name}: ${what}`, async () => {
    const found = await client.get<KVBackup>(kvBackups, { namespace, name });
    return found?.status && holds(found.status) ? found.status : undefined;
  });
}

/** The reason of the condition Complete. */
export function completeReason({ conditions }: NonNullable<KVBackup['status']>): string | undefined {
  return conditions?.find(({ type }) => type === 'Complete')?.reason;
}

/** The pod of a backup, once it is there: another than that of UID `after`. */
export function podOf({ client }: Client, namespace: string, name: string, after?: string): Promise<KubeObject> {
  return until(`pod ${namespace}/${name}`, async () => {
    const pod = await client.get(pods, { namespace, name });
    return pod && pod.metadata.uid !== after && !pod.metadata.deletionTimestamp ? pod : undefined;
  });
}

/** What a backup pod is to do. */
export function jobOf(pod: KubeObject): BackupJob {
  const { containers } = pod.spec as { containers: { env: { value: string }[] }[] };
  return JSON.parse(containers[0]?.env[0]?.value ?? '');
}

/** Plays the kubelet: the pod ended like that, a while ago. */
export function endPod(world: Client, pod: KubeObject, exitCode: number, result: BackupResult | string) {
  const message = typeof result === 'string' ? result : JSON.stringify(result);
  const finishedAt = new Date(Date.now() - 3_600_000).toISOString();
  const terminated = { exitCode, message, startedAt: finishedAt, finishedAt };
  return setPodStatus(world, pod, {
    phase: exitCode === 0 ? 'Succeeded' : 'Failed',
    containerStatuses: [
      { name: 'backup', ready: false, restartCount: 0, image: '', imageID: '', state: { terminated } },
    ],
  });
}
