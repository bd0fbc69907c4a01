import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { run } from '../cluster/command.ts';
import { cloneDirectory } from '../cluster/paths.ts';
import { startBenchCluster } from './operator/cluster.ts';
import { measureApply, measureCreation } from './operator/create.ts';
import { startReplica } from './operator/replica.ts';
import { readChildren } from './operator/stores.ts';

const HELP = `npm run bench -- operator [options]

The operator as it ships, on a real API server, with very many stores.

  --stores N      stores (default 1000)
  --program FILE  bundle of the operator to measure (default: built from this clone)
  --flags LIST    flags of Node for it, as in NODE_OPTIONS
`;

/** Measures the operator with very many stores; `args` are the words after the benchmark's name. */
export async function benchOperator(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      stores: { type: 'string', default: '1000' },
      program: { type: 'string' },
      flags: { type: 'string', default: '' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) return void process.stdout.write(HELP);
  const stores = Number(values.stores);
  if (!(stores >= 1)) throw new Error('--stores must be a number from 1 on');
  const directory = await mkdtemp(join(tmpdir(), 'cubby-bench-'));
  try {
    const program = values.program ? resolve(values.program) : join(directory, 'dist/operator.js');
    if (!values.program) await run(process.execPath, [join(cloneDirectory, 'tools/build.ts'), join(directory, 'dist')]);
    const flags = values.flags.split(' ').filter(Boolean);
    const cluster = await startBenchCluster();
    try {
      const replica = await startReplica(cluster, { program, directory, flags });
      console.error('idle', replica.megabytes());
      const creation = await measureCreation(cluster, replica, stores);
      console.log(creation, replica.megabytes());
      await replica.end('SIGTERM');
      const children = await readChildren(cluster, stores);
      console.log('naive', await measureApply(cluster, children));
    } finally {
      await cluster.stop();
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
