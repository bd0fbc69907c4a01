import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startRedis } from '../cluster/test-redis.ts';
import { startS3 } from '../cluster/test-s3.ts';
import { buildProcesses } from '../tools/build/processes.ts';
import { fill } from './backup/fill.ts';
import { memoryRise } from './backup/memory.ts';
import { type Bench, type Measured, makePod, PASSWORD, runWay, uploadFile, WAYS, type Way } from './backup/ways.ts';
import { formatSpread, spreadOf } from './spread.ts';

const HELP = `npm run bench -- backup [--megabytes 1000] [--runs 5] [--memory-runs 3]

Backs up a Redis 8.0 with that much data in values of 1,000 random bytes: by \`redis-cli --rdb\` to a file, and by a backup
pod's program to a volume and to an S3 server on this machine, as it is and encrypted, in turn. Beside it, as many bytes go
from a file to the S3 server. Then again while 1,000 values a second are written, for the memory of Redis and its fork.
`;

/** MB/s of backups beside `redis-cli --rdb` in the same run, and the memory that they and the Redis took. */
export async function benchBackup(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      megabytes: { type: 'string', default: '1000' },
      runs: { type: 'string', default: '5' },
      'memory-runs': { type: 'string', default: '3' },
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
    const keys = Number(values.megabytes) * 1000;
    await fill(redis, keys);
    const bench = { redis, s3, root };
    await compare(bench, Number(values.runs));
    await compareMemory(bench, keys, Number(values['memory-runs']));
  } finally {
    await Promise.all([redis.stop(), s3.stop()]);
    await rm(root, { recursive: true, force: true });
  }
}

async function compare(bench: Bench, runs: number): Promise<void> {
  const measured = new Map<Way, Measured[]>(WAYS.map((way) => [way, []]));
  const uploads: number[] = [];
  let size = 0;
  for (let run = 1; run <= runs; run++) {
    for (const way of WAYS) {
      const one = await runWay(bench, way);
      size = one.size ?? size;
      measured.get(way)?.push(one);
      const [seconds, cpu, peak] = [one.seconds.toFixed(2), one.cpu.toFixed(2), one.peak.toFixed(0)];
      console.log(`run ${run} of ${runs}, ${way}: ${seconds} s, ${cpu} s of CPU, peak ${peak} MB`);
    }
    uploads.push(await uploadFile(bench, size));
  }
  const ofAll = (way: Way, figure: (one: Measured) => number) => measured.get(way)?.map(figure) ?? [];
  const rates = (way: Way) => ofAll(way, ({ seconds }) => size / 1e6 / seconds);
  const baseline = rates(WAYS[0]);
  const ratios = (ofWay: number[]) => spreadOf(ofWay.map((rate, run) => rate / (baseline[run] ?? 1)));
  console.log(`\n${(size / 1e6).toFixed(0)} MB of RDB`);
  for (const way of WAYS) {
    console.log(formatSpread(`${way} (MB/s)`, spreadOf(rates(way)), 0));
    if (way !== WAYS[0]) console.log(formatSpread('  of redis-cli, run by run', ratios(rates(way))));
    console.log(formatSpread('  CPU of the program (s)', spreadOf(ofAll(way, ({ cpu }) => cpu))));
    console.log(formatSpread('  peak resident (MB)', spreadOf(ofAll(way, ({ peak }) => peak)), 0));
  }
  const fromFile = uploads.map((seconds) => size / 1e6 / seconds);
  console.log(formatSpread('as many bytes from a file to s3 (MB/s)', spreadOf(fromFile), 0));
  console.log(formatSpread('  of redis-cli, run by run', ratios(fromFile)));
}

async function compareMemory(bench: Bench, keys: number, runs: number): Promise<void> {
  const rises = new Map<Way, number[]>(WAYS.map((way) => [way, []]));
  for (let run = 1; run <= runs; run++)
    for (const way of WAYS) {
      const rise = await memoryRise(bench.redis, keys, () => runWay(bench, way));
      rises.get(way)?.push(rise);
      console.log(`run ${run} of ${runs} under writes, ${way}: Redis and its fork take ${rise.toFixed(0)} MB more`);
    }
  for (const way of WAYS)
    if (runs > 0) console.log(formatSpread(`${way}: Redis takes more (MB)`, spreadOf(rises.get(way) ?? []), 0));
}
