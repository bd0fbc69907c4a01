import { ensureBinaries } from '../../cluster/binaries.ts';
import { importImages } from '../../cluster/embedded/node.ts';
import { listRecords } from '../../cluster/embedded/record.ts';
import { ensureImages } from '../../cluster/images.ts';
import { cloneDirectory } from '../../cluster/paths.ts';
import { createProgress } from '../../cluster/progress.ts';
import { s3Arguments, s3Environment, TEST_S3 } from '../../cluster/test-s3.ts';
import type { BackupTarget } from '../../contract/backup.ts';
import { apply, kubectl, type Manifest } from './cluster.ts';

const NAME = 's3';
const PORT = 7070;
const DATA = '/data';
const IMAGE = 'docker.io/cubby-dev/versitygw:1';
/** The Secret of the access key in the namespace of the server. */
const CREDENTIALS = 's3-credentials';

/** A real S3 server as a pod; tests that need it are skipped with `noOwnImages` of images/provide.ts. */
export interface ClusterS3 {
  /** Name of the pod; what it stores goes with it. */
  pod: string;
  /** Makes the Secret of the access key in a namespace, and returns the target that names it. */
  target(namespace: string): Promise<BackupTarget>;
  /** Paths of the objects in the bucket, each as `./…`, sorted. */
  stored(): Promise<string[]>;
}

/** Starts an S3 server as the pod and Service `s3` of a namespace that exists, and waits until it is ready. */
export async function startClusterS3(namespace: string): Promise<ClusterS3> {
  await provideServer();
  const labels = { app: NAME };
  await apply(serverPod(namespace, labels), {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: NAME, namespace },
    spec: { selector: labels, ports: [{ port: PORT }] },
  });
  await kubectl('wait', `pod/${NAME}`, '-n', namespace, '--for=condition=Ready', '--timeout=120s');
  return {
    pod: NAME,
    async target(tenant) {
      const { accessKeyId, secretAccessKey, region, bucket } = TEST_S3;
      await apply({
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: CREDENTIALS, namespace: tenant },
        stringData: { accessKeyId, secretAccessKey },
      });
      const keys = { accessKeyIdKey: 'accessKeyId', secretAccessKeyKey: 'secretAccessKey' };
      return {
        s3: {
          endpoint: `http://${NAME}.${namespace}.svc:${PORT}`,
          region,
          bucket,
          credentialsSecret: { name: CREDENTIALS, ...keys },
        },
      };
    },
    async stored() {
      const find = `cd ${DATA}/buckets/${TEST_S3.bucket} && find . -type f | sort`;
      const files = await kubectl('exec', NAME, '-n', namespace, '--', 'sh', '-c', find);
      return files.split('\n').filter((line) => line !== '');
    },
  };
}

function serverPod(namespace: string, labels: Record<string, string>): Manifest {
  const start = `mkdir -p ${DATA}/buckets/${TEST_S3.bucket} ${DATA}/metadata && exec versitygw "$@"`;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: NAME, namespace, labels } as Manifest['metadata'],
    spec: {
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 0,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: 1000,
        fsGroup: 1000,
        seccompProfile: { type: 'RuntimeDefault' },
      },
      containers: [
        {
          name: NAME,
          image: IMAGE,
          imagePullPolicy: 'Never',
          command: ['sh', '-c', start, 'versitygw', ...s3Arguments(`:${PORT}`, DATA)],
          env: Object.entries(s3Environment).map(([name, value]) => ({ name, value })),
          readinessProbe: { httpGet: { path: '/health', port: PORT }, periodSeconds: 1 },
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
          volumeMounts: [{ name: 'data', mountPath: DATA }],
        },
      ],
      volumes: [{ name: 'data', emptyDir: {} }],
    },
  };
}

async function provideServer(): Promise<void> {
  const progress = createProgress(console.error);
  const record = (await listRecords()).find(({ layout }) => layout.clone === cloneDirectory);
  if (!record) throw new Error('there is no embedded cluster in this clone; bring one up with: npm start');
  const { versitygw } = await ensureBinaries(['versitygw'], progress);
  const dockerfile = 'images/versitygw/Dockerfile';
  const source = { reference: IMAGE, dockerfile, files: { versitygw, busybox: '/bin/busybox' } };
  await importImages(record, await ensureImages([source], progress));
}
