import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after } from 'node:test';
import { asBackupError, exitCodeOf } from '../../../backup/failure.ts';
import { filesBelow } from '../../../backup/files.ts';
import { run } from '../../../backup/run.ts';
import { findFreePorts } from '../../../cluster/daemon.ts';
import { TEST_S3, type TestS3 } from '../../../cluster/test-s3.ts';
import {
  BACKUP_PATHS,
  type BackupJob,
  type BackupPlace,
  type BackupProgress,
  type BackupResult,
} from '../../../contract/backup.ts';

/** The password of the Redis user `backup` in tests. */
export const PASSWORD = 'a-password-of-the-tests';
/** A Redis that knows the user `backup`, as those of stores do while a backup runs. */
export const BACKUP_USER = [
  ...['--user', 'backup', 'on', `>${PASSWORD}`, '+psync', '+replconf', '+ping'],
  ...['--repl-diskless-sync-delay', '0'],
];

/** A pod's file system: a folder with the Secrets that the program finds mounted. */
export interface PodFiles {
  root: string;
  path(path: string): string;
  write(path: string, content: string): void;
}

/** Makes the files of a pod that may sign in to Redis and to S3; removed after the test. */
export function makePod(): PodFiles {
  const root = mkdtempSync(join(tmpdir(), 'cubby-backup-'));
  after(() => rmSync(root, { recursive: true, force: true }));
  const path = (name: string) => join(root, name);
  const write = (name: string, content: string) => {
    mkdirSync(dirname(path(name)), { recursive: true });
    writeFileSync(path(name), content);
  };
  write(BACKUP_PATHS.redisPassword, PASSWORD);
  write(`${BACKUP_PATHS.s3}/accessKeyId`, TEST_S3.accessKeyId);
  write(`${BACKUP_PATHS.s3}/secretAccessKey`, TEST_S3.secretAccessKey);
  for (const folder of [BACKUP_PATHS.data, BACKUP_PATHS.volume, '/dev']) mkdirSync(path(folder));
  return { root, path, write };
}

/** How a run of the program ended: what it left as its termination message, and its exit code. */
export interface Ended {
  code: number | null;
  result: BackupResult | undefined;
  output: string;
}

/** A run of the program that can be killed. */
export interface Running {
  pid: number;
  ended: Promise<Ended>;
  kill(signal?: NodeJS.Signals): void;
  progress(): Promise<BackupProgress>;
}

const main = join(import.meta.dirname, '../../../backup/main.ts');

/** Starts the program, or one in its place, as a backup pod would. */
export async function startBackup(pod: PodFiles, job: BackupJob, program = main): Promise<Running> {
  const [port] = await findFreePorts(1);
  rmSync(pod.path('/dev/termination-log'), { force: true });
  const child = spawn(process.execPath, [program], {
    env: {
      CUBBY_ROOT: pod.root,
      CUBBY_JOB: JSON.stringify(job),
      CUBBY_PROGRESS_PORT: String(port),
      PATH: process.env.PATH,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text));
  const ended = new Promise<Ended>((resolve) => {
    child.once('close', (code) => resolve({ code, result: readResult(pod), output }));
  });
  return {
    pid: child.pid ?? 0,
    ended,
    kill: (signal = 'SIGKILL') => void child.kill(signal),
    progress: async () => (await (await fetch(`http://127.0.0.1:${port}/progress`)).json()) as BackupProgress,
  };
}

/** Runs the program to its end. */
export async function runBackup(pod: PodFiles, job: BackupJob): Promise<Ended> {
  return (await startBackup(pod, job)).ended;
}

/** Does the job in this process, which takes a fraction of the time and has the same result. */
export async function runHere(pod: PodFiles, job: BackupJob): Promise<Ended> {
  const { signal } = new AbortController();
  const surroundings = { files: filesBelow(pod.root), signal, progress: () => {}, now: () => new Date() };
  try {
    const data = await run(job, surroundings);
    return { code: 0, result: { ok: true, ...(data && { data }), seconds: 0 }, output: '' };
  } catch (error) {
    const { reason, message } = asBackupError(error);
    return { code: exitCodeOf(reason), result: { ok: false, reason, message }, output: message };
  }
}

/** What the program left as its termination message. */
export function readResult(pod: PodFiles): BackupResult | undefined {
  try {
    return JSON.parse(readFileSync(pod.path('/dev/termination-log'), 'utf8'));
  } catch {
    return undefined;
  }
}

/** A place in the bucket of that server. */
export function placeIn(s3: TestS3, object: string, encrypted = false): BackupPlace {
  const { region, bucket } = TEST_S3;
  const credentialsSecret = { name: 's3', accessKeyIdKey: 'accessKeyId', secretAccessKeyKey: 'secretAccessKey' };
  return { target: { s3: { endpoint: s3.endpoint, region, bucket, credentialsSecret } }, object, encrypted };
}

/** A place on the pod's backup volume. */
export function placeOn(claimName: string, object: string, encrypted = false): BackupPlace {
  return { target: { volume: { claimName } }, object, encrypted };
}

/** What a backup says it is of. */
export const SOURCE = {
  namespace: 'tests',
  store: 'main',
  uid: '1b4f0e98-51a2-4f6e-9d1a-3c3c3c3c3c3c',
  projectId: 'shop',
};
