import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { findFreePorts } from '../cluster/daemon.ts';
import { redisProgram, startRedis, type TestRedis } from '../cluster/test-redis.ts';
import { startS3, TEST_S3, type TestS3 } from '../cluster/test-s3.ts';
import { BACKUP_PATHS, type BackupJob, type BackupPlace, type BackupResult } from '../contract/backup.ts';
import { buildProcesses } from '../tools/build/processes.ts';
import { fill } from './backup/fill.ts';
import { formatSpread, spreadOf } from './spread.ts';

const HELP = `npm run bench -- backup [--megabytes 1000] [--runs 5]

Backs up a Redis 8.0 with that much data in values of 1,000 random bytes: by \`redis-cli --rdb\` to a file, and by a backup
pod's program to a volume and to an S3 server on this machine, as it is and encrypted, in turn.
`;

const PASSWORD = 'a-password-of-the-bench';
const ways = ['redis-cli --rdb', 'volume', 's3', 'volume, encrypted', 's3, encrypted'] as const;
type Way = (typeof ways)[number];

interface Measured {
  seconds: number;
  /** Resident, in MB, at its highest. */
  peak: number;
}

/** MB/s of backups beside `redis-cli --rdb` in the same run, and the memory that they took. */
export async function benchBackup(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      megabytes: { type: 'string', default: '1000' },
      runs: { type: 'string', default: '5' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) return console.log(HELP);
  const root = await mkdtemp(join(tmpdir(), 'cubby-bench-backup-'));
  const user = ['--user', 'backup', 'on', `>${PASSWORD}`, '+psync', '+sync', '+replconf', '+ping'];
  const redis = await startRedis({
    version: '8.0',
    config: [...user, '--repl-diskless-sync-delay', '0', '--save', ''],
  });
  const s3 = await startS3();
  try {
    await buildProcesses(join(import.meta.dirname, '..'), join(root, 'dist'));
    await makePod(root);
    console.log(`filling Redis with ${values.megabytes} MB`);
    await fill(redis, Number(values.megabytes) * 1e6);
    await compare({ redis, s3, root, runs: Number(values.runs) });
  } finally {
    await Promise.all([redis.stop(), s3.stop()]);
    await rm(root, { recursive: true, force: true });
  }
}

interface Bench {
  redis: TestRedis;
  s3: TestS3;
  root: string;
  runs: number;
}

async function compare(bench: Bench): Promise<void> {
  const measured = new Map<Way, Measured[]>(ways.map((way) => [way, []]));
  let size = 0;
  for (let run = 0; run < bench.runs; run++) {
    for (const way of ways) {
      const one = way === 'redis-cli --rdb' ? await byRedisCli(bench) : await byProgram(bench, way);
      size = one.size ?? size;
      measured.get(way)?.push(one);
      console.log(
        `run ${run + 1} of ${bench.runs}, ${way}: ${one.seconds.toFixed(2)} s, peak ${one.peak.toFixed(0)} MB`,
      );
    }
  }
  const rates = (way: Way) => measured.get(way)?.map(({ seconds }) => size / 1e6 / seconds) ?? [];
  const baseline = rates('redis-cli --rdb');
  console.log(`\n${(size / 1e6).toFixed(0)} MB of RDB`);
  for (const way of ways) {
    console.log(formatSpread(`${way} (MB/s)`, spreadOf(rates(way)), 0));
    if (way === 'redis-cli --rdb') continue;
    console.log(
      formatSpread('  of redis-cli, run by run', spreadOf(rates(way).map((rate, run) => rate / (baseline[run] ?? 1)))),
    );
    console.log(formatSpread('  peak resident (MB)', spreadOf(measured.get(way)?.map(({ peak }) => peak) ?? []), 0));
  }
}

async function byRedisCli({ redis, root }: Bench): Promise<Measured & { size?: number }> {
  const { command, args } = await redisProgram('8.0');
  const cli = args.map((arg) => arg.replace(/redis-server$/, 'redis-cli'));
  const file = join(root, 'redis-cli.rdb');
  const login = ['-h', redis.host, '-p', String(redis.port), '--user', 'backup', '--no-auth-warning'];
  const measured = await measure(command, [...cli, ...login, '--rdb', file], { REDISCLI_AUTH: PASSWORD });
  await rm(file);
  return measured;
}

async function byProgram(
  { redis, s3, root }: Bench,
  way: Exclude<Way, 'redis-cli --rdb'>,
): Promise<Measured & { size: number }> {
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

function s3Target({ endpoint }: TestS3): BackupPlace['target'] {
  const { region, bucket } = TEST_S3;
  const credentialsSecret = { name: 's3', accessKeyIdKey: 'accessKeyId', secretAccessKeyKey: 'secretAccessKey' };
  return { s3: { endpoint, region, bucket, credentialsSecret } };
}

async function makePod(root: string): Promise<void> {
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

/** Runs a program to its end; its peak is what the kernel counts, read until it has gone. */
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
  while (code === undefined) {
    const status = await readFile(`/proc/${child.pid}/status`, 'utf8').catch(() => '');
    peak = Math.max(peak, Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1000);
    await sleep(20);
  }
  const seconds = await ended;
  if (code !== 0) throw new Error(`${command} ${args.at(-1)} ended with ${code}`);
  return { seconds, peak };
}
