import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { run } from '../cluster/command.ts';
import { cloneDirectory } from '../cluster/paths.ts';
import { consoleProgress } from '../cluster/progress.ts';
import { measureWithNodes, measureWithoutNodes, type WithNodes, type WithoutNodes } from './operator/phases.ts';
import { OPERATOR_FLAGS } from './operator/replica.ts';
import { formatRounds } from './operator/report.ts';

const HELP = `npm run bench -- operator [options]

The operator as it ships, on a real API server, with very many stores.

  --stores N      stores (default 1000)
  --rounds N      rounds, each on clusters of its own (default 1)
  --idle N        seconds for which it is watched with nothing to do (default 60)
  --only PART     without-nodes or with-nodes
  --program FILE  bundle of the operator to measure (default: built from this clone)
  --flags=LIST    flags of Node for it instead of those of the chart
`;

/** Measures the operator with very many stores; `args` are the words after the benchmark's name. */
export async function benchOperator(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      stores: { type: 'string', default: '1000' },
      rounds: { type: 'string', default: '1' },
      idle: { type: 'string', default: '60' },
      only: { type: 'string' },
      program: { type: 'string' },
      flags: { type: 'string', default: OPERATOR_FLAGS.join(' ') },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) return void process.stdout.write(HELP);
  const [stores, rounds, idle] = [Number(values.stores), Number(values.rounds), Number(values.idle)];
  if (!(stores >= 1 && rounds >= 1 && idle >= 1)) throw new Error('--stores, --rounds and --idle must be from 1 on');
  const directory = await mkdtemp(join(tmpdir(), 'cubby-bench-'));
  const without: WithoutNodes[] = [];
  const withNodes: WithNodes[] = [];
  const { step } = consoleProgress;
  try {
    const program = values.program ? resolve(values.program) : join(directory, 'dist/operator.js');
    if (!values.program)
      await step('building the operator', () =>
        run(process.execPath, [join(cloneDirectory, 'tools/build.ts'), join(directory, 'dist')]),
      );
    const options = { program, directory, flags: values.flags.split(' ').filter(Boolean) };
    for (let round = 1; round <= rounds; round++) {
      if (values.only !== 'with-nodes')
        without.push(await step(`round ${round}, without nodes`, () => measureWithoutNodes(options, stores)));
      if (values.only !== 'without-nodes')
        withNodes.push(await step(`round ${round}, with nodes`, () => measureWithNodes(options, stores, idle)));
    }
    console.log(formatRounds(stores, without, withNodes));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
