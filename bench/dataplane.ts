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
import { type Case, casesFor, type SubjectName } from './dataplane/cases.ts';
import { type Cubby, startCubby } from './dataplane/cubby.ts';
import { describeMachine } from './dataplane/machine.ts';
import { type Measurement, measureCeilings, measureLag, measureOnce, perCpuSecond } from './dataplane/measure.ts';
import { inNamespace, runInNamespace } from './dataplane/namespace.ts';
import { type Subject, startConstant, startIoredis, startPipe, startWebdis } from './dataplane/peers.ts';
import { formatJson, formatText } from './dataplane/report.ts';
import { fill, LARGE_BYTES } from './dataplane/requests.ts';

const HELP = `npm run bench -- dataplane [options]

The data plane as it ships beside webdis and bare Node, in alternating rounds over one Redis.

  --rounds N      rounds per case (default 5)
  --seconds N     seconds of load per case and round (default 3)
  --only A,B      these cases, and those that they are compared with
  --program FILE  bundle of the data plane to measure (default: built from this clone)
  --profile DIR   write a CPU profile of the data plane there, for Chrome's developer tools
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
      profile: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) return void process.stdout.write(HELP);
  const [rounds, seconds] = [Number(values.rounds), Number(values.seconds)];
  if (!(rounds >= 1 && seconds >= 1)) throw new Error('--rounds and --seconds must be numbers from 1 on');
  const directory = await mkdtemp(join(tmpdir(), 'cubby-bench-'));
  try {
    if (inNamespace) await measure(directory, { ...values, rounds, seconds });
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

interface MeasureOptions {
  rounds: number;
  seconds: number;
  only?: string | undefined;
  profile?: string | undefined;
  json: boolean;
}

async function measure(directory: string, { rounds, seconds, only, profile, json }: MeasureOptions): Promise<void> {
  const cubby = await startCubby(directory, process.env.CUBBY_BENCH_PROGRAM ?? '', profile);
  const running: Subject[] = [cubby];
  try {
    await fill(cubby.stores.admin);
    const cases = select(casesFor(cubby.tokens), only);
    const peers = await startPeers(directory, cubby);
    const subjects = { cubby, ...peers };
    running.push(...Object.values(peers));
    const rows = cases.map((one) => ({ case: one, rounds: [] as Measurement[] }));
    // The round before the first warms every server up.
    for (let round = 0; round <= rounds; round++) {
      for (const row of rows) {
        const measured = await measureOnce(directory, cubby, subjects[row.case.subject], row.case.load, seconds);
        if (round > 0) row.rounds.push(measured);
        const what = round === 0 ? 'warm-up' : `round ${round} of ${rounds}`;
        const rate = Math.round(perCpuSecond(row.case, measured));
        process.stderr.write(`${what}: ${row.case.name} ${rate} per CPU-second, ${measured.failed} failed\n`);
      }
    }
    const ceilings = only === undefined ? await measureCeilings(cubby.stores) : [];
    const lag = only === undefined ? await measureLag(directory, cubby, seconds) : undefined;
    const results = { machine: await describeMachine(cubby.stores), rows, ceilings, lag };
    console.log(json ? formatJson(results) : formatText(results));
  } finally {
    for (const subject of running) await subject.stop();
  }
}

async function startPeers(
  directory: string,
  { stores }: Cubby,
): Promise<Record<Exclude<SubjectName, 'cubby'>, Subject>> {
  const [first = 0, second = 0, third = 0, fourth = 0, fifth = 0] = await findFreePorts(5);
  return {
    webdis: await startWebdis(directory, first, stores),
    ioredis: await startIoredis(directory, second, stores),
    'constant-200': await startConstant(directory, third, 200),
    'constant-256k': await startConstant(directory, fourth, LARGE_BYTES),
    'pipe-256k': await startPipe(directory, fifth, stores, LARGE_BYTES),
  };
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
