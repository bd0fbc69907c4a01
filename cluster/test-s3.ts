import { randomBytes } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureBinaries } from './binaries.ts';
import { findFreePorts, startDaemon, waitUntilReady } from './daemon.ts';
import { consoleProgress } from './progress.ts';

/** The access key of every S3 server of a test; it opens nothing else. */
export const TEST_S3 = {
  accessKeyId: 'test-access-key',
  secretAccessKey: 'test-secret-key',
  region: 'us-east-1',
  bucket: 'backups',
} as const;

/** A real S3 server of one test on 127.0.0.1, with one bucket, whose objects are files of `directory`. */
export interface TestS3 {
  endpoint: string;
  /** The bucket's folder: an object is the file of its key, and an upload that was not completed lies in `.sgwtmp`. */
  directory: string;
  /** Ends the server at once, as a crash would; its files stay for `restart`. */
  kill(): Promise<void>;
  /** Starts it again on the same port and files. */
  restart(): Promise<void>;
  /** Ends the server and removes its files. */
  stop(): Promise<void>;
}

/** Arguments with which the server keeps the buckets that are folders of `directory`, and nothing outside of it. */
export function s3Arguments(listen: string, directory: string): string[] {
  const metadata = join(directory, 'metadata');
  const buckets = join(directory, 'buckets');
  const { region } = TEST_S3;
  return [
    '--port',
    listen,
    '--region',
    region,
    '--quiet',
    '--health',
    '/health',
    'posix',
    '--sidecar',
    metadata,
    buckets,
  ];
}

/** What the server takes from its environment. */
export const s3Environment: Record<string, string> = {
  ROOT_ACCESS_KEY: TEST_S3.accessKeyId,
  ROOT_SECRET_KEY: TEST_S3.secretAccessKey,
};

/** Starts Versity's S3 gateway over a folder. Resolves once it answers; the server ends with the calling process. */
export async function startS3(): Promise<TestS3> {
  const { versitygw: command } = await ensureBinaries(['versitygw'], consoleProgress);
  const directory = join(tmpdir(), `cubby-s3-${process.pid}-${randomBytes(4).toString('hex')}`);
  const bucket = join(directory, 'buckets', TEST_S3.bucket);
  await mkdir(bucket, { recursive: true });
  await mkdir(join(directory, 'metadata'));
  const [port] = await findFreePorts(1);
  const endpoint = `http://127.0.0.1:${port}`;
  const log = join(directory, 's3.log');
  const start = async () => {
    const daemon = startDaemon({ command, args: s3Arguments(`127.0.0.1:${port}`, directory), log, env: s3Environment });
    const isReady = async () => (await fetch(`${endpoint}/health`)).ok;
    await waitUntilReady(daemon, { name: 'versitygw', log, isReady });
    return daemon;
  };
  let daemon = await start();
  return {
    endpoint,
    directory: bucket,
    kill: () => daemon.kill(),
    async restart() {
      await daemon.kill();
      daemon = await start();
    },
    async stop() {
      await daemon.kill();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
