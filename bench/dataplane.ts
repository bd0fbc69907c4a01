import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureBinaries } from '../cluster/binaries.ts';
import { run } from '../cluster/command.ts';
import { findFreePorts } from '../cluster/daemon.ts';
import { ensurePackages } from '../cluster/packages.ts';
import { cloneDirectory } from '../cluster/paths.ts';
import { consoleProgress } from '../cluster/progress.ts';
import { ensureRootDirectory, redisRoots } from '../cluster/rootfs.ts';
import { type Case, casesFor, fill, type SubjectName } from './dataplane/cases.ts';
import { cpuSeconds } from './dataplane/cpu.ts';
import { startCubby } from './dataplane/cubby.ts';
import { applyLoad } from './dataplane/load.ts';
import { inNamespace, runInNamespace } from './dataplane/namespace.ts';
import { type Subject, startConstant, startIoredis, startWebdis } from './dataplane/peers.ts';
import { formatTable, type Measurement, perCpuSecond } from './dataplane/report.ts';

const HELP = `npm run bench -- dataplane [options]

The data plane as it ships beside webdis and bare Node, in alternating rounds over one Redis.

  --rounds N      rounds per case (default 5)
  --seconds N     seconds of load per case and round (default 3)
  --only A,B      these cases, and those that they are compared with
  --program FILE  bundle of the data plane to measure (default: built from this clone)
  --json          every figure of every round, as JSON, instead of the table
`;

/** Measures the data plane beside its peers; `args` are the words after the benchmark's name. */
export async function benchDataplane(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '3' },
      only: { type: 'string' },
      program: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) return void process.stdout.write(HELP);
  const [rounds, seconds] = [Number(values.rounds), Number(values.seconds)];
  if (!(rounds >= 1 && seconds >= 1)) throw new Error('--rounds and --seconds must be numbers from 1 on');
  const directory = await mkdtemp(join(tmpdir(), 'cubby-bench-'));
  try {
    if (inNamespace) await measure(directory, rounds, seconds, values);
    else process.exitCode = await prepare(directory, values.program);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Gets what needs a network, then goes on in a namespace without one. */
async function prepare(directory: string, program: string | undefined): Promise<number> {
  await ensurePackages(['iproute2', 'mount', 'redis-tools', 'util-linux', 'webdis', 'wrk'], consoleProgress);
  await ensureBinaries(['etcd', 'kube-apiserver'], consoleProgress);
  await ensureRootDirectory(redisRoots['8.0'], consoleProgress);
  process.env.CUBBY_BENCH_PROGRAM = program ? resolve(program) : join(directory, 'dist/dataplane.js');
  if (!program) await run(process.execPath, [join(cloneDirectory, 'tools/build.ts'), join(directory, 'dist')]);
  return runInNamespace(directory);
}

async function measure(
  directory: string,
  rounds: number,
  seconds: number,
  { only, json }: { only?: string | undefined; json: boolean },
): Promise<void> {
  const cubby = await startCubby(directory, process.env.CUBBY_BENCH_PROGRAM ?? '');
  try {
    await fill(cubby.stores.admin);
    const [first = 0, second = 0, third = 0, fourth = 0] = await findFreePorts(4);
    const subjects: Record<SubjectName, Subject> = {
      cubby,
      webdis: await startWebdis(directory, first, cubby.stores),
      ioredis: await startIoredis(directory, second, cubby.stores),
      'constant-200': await startConstant(directory, third, 200),
      'constant-256k': await startConstant(directory, fourth, 262_144),
    };
    const cases = select(casesFor(cubby.tokens), only);
    const measurements = new Map(cases.map(({ name }) => [name, [] as Measurement[]]));
    for (let round = 0; round <= rounds; round++) {
      for (const one of cases) {
        const { pid, port } = subjects[one.subject];
        const used = async () => [cpuSeconds(pid), await cubby.stores.cpuSeconds(), await cubby.ledger.cpuSeconds()];
        const before = await used();
        const result = await applyLoad(directory, port, one.load, seconds);
        const [server = 0, redis = 0, ledger = 0] = (await used()).map((figure, i) => figure - (before[i] ?? 0));
        const figures = { ...result, cpuSeconds: server, redisCpuSeconds: redis, ledgerCpuSeconds: ledger };
        // The round before the first warms every server up.
        if (round > 0) measurements.get(one.name)?.push(figures);
        const what = round === 0 ? 'warm-up' : `round ${round} of ${rounds}`;
        process.stderr.write(
          `${what}: ${one.name} ${Math.round(perCpuSecond(one, figures))} per CPU-second, ${figures.failed} failed\n`,
        );
      }
    }
    const rows = cases.map((one) => ({ case: one, rounds: measurements.get(one.name) ?? [] }));
    console.log(
      json ? JSON.stringify(rows.map(({ case: { name }, rounds }) => ({ name, rounds }))) : formatTable(rows),
    );
  } finally {
    await cubby.stop();
  }
}

/** The named cases, and those that they are compared with. */
function select(cases: readonly Case[], only: string | undefined): readonly Case[] {
  if (only === undefined) return cases;
  const names = new Set(only.split(','));
  for (const name of names) {
    const found = cases.find((one) => one.name === name);
    if (!found) throw new Error(`no case ${name}; there are ${cases.map((one) => one.name).join(', ')}`);
    if (found.against) names.add(found.against);
  }
  return cases.filter(({ name }) => names.has(name));
}
