import {
  BACKUP_PATHS,
  type BackupEncryption,
  type BackupJob,
  type BackupTarget,
  PROGRESS_PORT,
} from '../../contract/backup.ts';
import { backupSelector, MANAGED_BY, MANAGED_BY_LABEL } from '../../contract/labels.ts';
import { BACKUP_CONTAINER } from '../../contract/names.ts';
import type { Manifest } from './manifest.ts';
import { containerSecurity, podSecurity } from './security.ts';

/** What a backup pod is made from. */
export interface BackupPodOptions {
  name: string;
  namespace: string;
  /** Name of the KVStore. */
  store: string;
  /** Cubby's own. */
  image: string;
  /** Secrets of the namespace by which it is got. */
  pullSecrets?: readonly { name: string }[] | undefined;
  job: BackupJob;
  /** Where the stored backup is, for jobs that reach it. */
  target?: BackupTarget | undefined;
  encryption?: BackupEncryption | undefined;
  /** The Secret with the password of the Redis user `backup`, for jobs that read a running Redis. */
  redisSecret?: string | undefined;
  /** The volume claim of the store, for jobs that write to it. */
  dataClaim?: string | undefined;
  labels?: Record<string, string> | undefined;
  annotations?: Record<string, string> | undefined;
}

/** For how long a pod may work, in seconds: a store of 100 GB takes an hour at 30 MB/s. */
const DEADLINE_SECONDS = 6 * 3600;
/** The program's buffers are bounded, whatever the size of the data. */
const RESOURCES = { requests: { cpu: '50m', memory: '192Mi' }, limits: { memory: '512Mi' } };

/**
 * The bare pod that runs one job. It has no credentials but those of its job, as files, and no access to the API server;
 * its labels keep the store's Service from selecting it.
 */
export function backupPod(options: BackupPodOptions): Manifest & { spec: BackupPodSpec } {
  const { name, namespace, store, image, pullSecrets, job, labels, annotations } = options;
  const mounts = backupMounts(options);
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace,
      labels: { ...backupSelector(store), [MANAGED_BY_LABEL]: MANAGED_BY, ...labels },
      ...(annotations && { annotations }),
    },
    spec: {
      restartPolicy: 'Never',
      activeDeadlineSeconds: DEADLINE_SECONDS,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      ...(pullSecrets && { imagePullSecrets: pullSecrets }),
      terminationGracePeriodSeconds: 10,
      securityContext: podSecurity,
      containers: [
        {
          name: BACKUP_CONTAINER,
          image,
          command: ['node', 'dist/backup.js'],
          env: [{ name: 'CUBBY_JOB', value: JSON.stringify(job) }],
          ports: [{ name: 'progress', containerPort: PROGRESS_PORT, protocol: 'TCP' }],
          resources: RESOURCES,
          securityContext: containerSecurity,
          volumeMounts: mounts.map(({ volume, mountPath, readOnly }) => ({ name: volume.name, mountPath, readOnly })),
        },
      ],
      volumes: mounts.map(({ volume }) => volume),
    },
  };
}

/** The parts of the pod's spec that others add to. */
interface BackupPodSpec {
  containers: Record<string, unknown>[];
  volumes: Record<string, unknown>[];
  [field: string]: unknown;
}

interface Mount {
  volume: { name: string; [source: string]: unknown };
  mountPath: string;
  readOnly: boolean;
}

/** The kubelet reads the tenant's Secrets; the operator never does. */
function backupMounts({ target, encryption, redisSecret, dataClaim }: BackupPodOptions): Mount[] {
  const mounts: Mount[] = [];
  const secret = (name: string, from: string, path: string, items: Record<string, string>) =>
    mounts.push({
      volume: {
        name,
        secret: { secretName: from, items: Object.entries(items).map(([file, key]) => ({ key, path: file })) },
      },
      mountPath: path,
      readOnly: true,
    });
  const claim = (name: string, claimName: string, mountPath: string) =>
    mounts.push({ volume: { name, persistentVolumeClaim: { claimName } }, mountPath, readOnly: false });
  if (redisSecret) secret('redis', redisSecret, folderOf(BACKUP_PATHS.redisPassword), { password: 'password' });
  const { s3, volume } = target ?? {};
  if (s3) {
    const { name, accessKeyIdKey, secretAccessKeyKey } = s3.credentialsSecret;
    const items = { accessKeyId: accessKeyIdKey, secretAccessKey: secretAccessKeyKey };
    secret('s3', name, BACKUP_PATHS.s3, items);
    if (s3.caSecret) secret('s3-ca', s3.caSecret.name, folderOf(BACKUP_PATHS.s3Ca), { 'ca.crt': s3.caSecret.key });
  }
  if (encryption)
    secret('age', encryption.secret.name, folderOf(BACKUP_PATHS.identity), { identity: encryption.secret.key });
  if (volume) claim('target', volume.claimName, BACKUP_PATHS.volume);
  if (dataClaim) claim('data', dataClaim, BACKUP_PATHS.data);
  return mounts;
}

const folderOf = (path: string) => path.slice(0, path.lastIndexOf('/'));
