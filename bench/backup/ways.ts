import { spawn } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openS3 } from '../../backup/target/s3.ts';
import { findFreePorts } from '../../cluster/daemon.ts';
import { redisProgram, type TestRedis } from '../../cluster/test-redis.ts';
import { TEST_S3, type TestS3 } from '../../cluster/test-s3.ts';
import { BACKUP_PATHS, type BackupJob, type BackupPlace, type BackupResult } from '../../contract/backup.ts';
import { cpuSeconds } from '../dataplane/cpu.ts';

/** The password of the Redis user `backup`. */
export const PASSWORD = 'a-password-of-the-bench';

/** Ways of making a backup, the first of which the others are compared with. */
export const WAYS = ['redis-cli --rdb', 'volume', 's3', 'volume, encrypted', 's3, encrypted'] as const;
export type Way = (typeof WAYS)[number];

/** What backups are made from and to; `root` is the folder that is the pod's file system. */
export interface Bench {
  redis: TestRedis;
  s3: TestS3;
  root: string;
}

/** What a program took. */
export interface Measured {
  seconds: number;
  /** Resident, in MB, at its highest. */
  peak: number;
  /** Seconds of processor time of the program alone. */
  cpu: number;
  /** Bytes of the RDB, where the program says so. */
  size?: number;
}

/** Makes the folders and Secrets of a backup pod below `root`. */
export async function makePod(root: string): Promise<void> {
  const { generateIdentity } = await import('age-encryption');
  const secrets = {
    [BACKUP_PATHS.redisPassword]: PASSWORD,
    [BACKUP_PATHS.identity]: await generateIdentity(),
    [`${BACKUP_PATHS.s3}/accessKeyId`]: TEST_S3.accessKeyId,
    [`${BACKUP_PATHS.s3}/secretAccessKey`]: TEST_S3.secretAccessKey,
  };
  for (const [path, secret] of Object.entries(secrets)) {
    await mkdir(join(root, dirname(path)), { recursive: true });
    await writeFile(join(root, path), secret);
  }
  for (const folder of ['dev', BACKUP_PATHS.volume]) await mkdir(join(root, folder));
}

/** Makes one backup in that way, and removes what it stored. */
export function runWay(bench: Bench, way: Way): Promise<Measured> {
  return way === 'redis-cli --rdb' ? byRedisCli(bench) : byProgram(bench, way);
}

/** Seconds in which the client of the S3 way stores `bytes` from a file, with no Redis to wait for: the least it can take. */
export async function uploadFile({ s3, root }: Bench, bytes: number): Promise<number> {
  const file = join(root, 'upload');
  const chunk = Buffer.alloc(1024 * 1024, 1);
  await writeFile(
    file,
    (function* () {
      for (let at = 0; at < bytes; at += chunk.length) yield chunk.subarray(0, Math.min(chunk.length, bytes - at));
    })(),
  );
  const { s3: options } = s3Target(s3);
  const target = openS3(options, TEST_S3);
  const start = performance.now();
  await target.put('bench/upload', createReadStream(file, { highWaterMark: chunk.length }));
  const seconds = (performance.now() - start) / 1000;
  await target.remove('bench/upload');
  await rm(file);
  return seconds;
}

async function byRedisCli({ redis, root }: Bench): Promise<Measured> {
  const { command, args } = await redisProgram('8.0');
  const cli = args.map((arg) => arg.replace(/redis-server$/, 'redis-cli'));
  const file = join(root, 'redis-cli.rdb');
  const login = ['-h', redis.host, '-p', String(redis.port), '--user', 'backup', '--no-auth-warning'];
  const measured = await measure(command, [...cli, ...login, '--rdb', file], { REDISCLI_AUTH: PASSWORD });
  await rm(file);
  return measured;
}

async function byProgram({ redis, s3, root }: Bench, way: Exclude<Way, 'redis-cli --rdb'>): Promise<Measured> {
  const place: BackupPlace = {
    target: way.startsWith('s3') ? s3Target(s3) : { volume: { claimName: 'bench' } },
    object: 'bench/backup',
    encrypted: way.endsWith('encrypted'),
  };
  const source = { namespace: 'bench', store: 'bench', uid: 'bench', projectId: 'bench' };
  const { host, port } = redis;
  const job = (verb: BackupJob['verb']) => JSON.stringify({ verb, place, redis: { host, port }, source });
  const program = [join(root, 'dist/backup.js')];
  const [progressPort] = await findFreePorts(1);
  const environment = { CUBBY_ROOT: root, CUBBY_PROGRESS_PORT: String(progressPort) };
  const measured = await measure(process.execPath, program, { ...environment, CUBBY_JOB: job('backup') });
  const result = JSON.parse(await readFile(join(root, 'dev/termination-log'), 'utf8')) as BackupResult;
  if (!result.ok || !result.data) throw new Error(`the backup failed: ${JSON.stringify(result)}`);
  await measure(process.execPath, program, { ...environment, CUBBY_JOB: job('delete') });
  return { ...measured, size: result.data.size };
}

function s3Target({ endpoint }: TestS3) {
  const { region, bucket } = TEST_S3;
  const credentialsSecret = { name: 's3', accessKeyIdKey: 'accessKeyId', secretAccessKeyKey: 'secretAccessKey' };
  return { s3: { endpoint, region, bucket, credentialsSecret } };
}

/** Runs a program to its end; its peak and its processor time are what the kernel counts, read until it has gone. */
async function measure(command: string, args: readonly string[], env: Record<string, string>): Promise<Measured> {
  const start = performance.now();
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: 'ignore' });
  let code: number | null | undefined;
  const ended = new Promise<number>((resolve) => {
    child.once('exit', (status) => {
      code = status;
      resolve((performance.now() - start) / 1000);
    });
  });
  let peak = 0;
  let cpu = 0;
  while (code === undefined) {
    const status = await readFile(`/proc/${child.pid}/status`, 'utf8').catch(() => '');
    peak = Math.max(peak, Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1000);
    try {
      cpu = Math.max(cpu, cpuSeconds(child.pid ?? 0));
    } catch {} // it has gone
    await sleep(20);
  }
  const seconds = await ended;
  if (code !== 0) throw new Error(`${command} ${args.at(-1)} ended with ${code}`);
  return { seconds, peak, cpu };
}
