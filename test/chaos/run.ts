// `npm run chaos`: what the operator must stand, whole. A part of it runs in `npm test`.
import { parseArgs } from 'node:util';
import type { Suite } from './acts.ts';
import { openArena } from './arena.ts';
import { endure, type FoundDivergence, prove, runCampaign, type Strike } from './campaign.ts';
import { disturbances } from './disturbances.ts';
import { type PlantName, plants } from './plants.ts';
import { believe, type Lag, lags, pasts } from './stale.ts';
import { suites } from './suites.ts';

const HELP = `npm run chaos [-- SUITE…] [--from N] [--to N] [--quick] [--at-once N] [--no-proof]

Ends the operator at every API write of a part of a store's life, in four ways: before the API server hears of the write,
after its reply, after it without the reply, and with the reply lost to an operator that lives on. However it ends, the
next operator must come to the state of an undisturbed run: objects, status, Redis' configuration, and data. Each suite
first catches bugs that are planted for it. On a real API server and controller manager, with real Redis, without nodes.

${suites.map((suite) => `  ${suite.name.padEnd(12)} ${suite.about}`).join('\n')}
  trouble      a whole life under each of: ${disturbances.map(({ name }) => name).join(', ')}
  past         an operator that is told the past, and hears of nothing new for a while

  --from N     begin with the N-th write
  --to N       end with the N-th write
  --quick      every seventh strike, and no planted bugs
  --no-proof   no planted bugs
  --at-once N  so many runs at a time (default 8)
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    from: { type: 'string', default: '1' },
    to: { type: 'string', default: '1000' },
    quick: { type: 'boolean', default: false },
    'no-proof': { type: 'boolean', default: false },
    'at-once': { type: 'string', default: '8' },
    help: { type: 'boolean', short: 'h' },
  },
});
if (values.help) {
  process.stdout.write(HELP);
  process.exit(0);
}
const names = [...suites.map(({ name }) => name), 'trouble', 'past'];
const unknown = positionals.filter((name) => !names.includes(name));
const isAsked = (name: string) => positionals.length === 0 || positionals.includes(name);
const [from, to, concurrency] = [values.from, values.to, values['at-once']].map(Number) as [number, number, number];
if (unknown.length > 0 || ![from, to, concurrency].every((number) => Number.isInteger(number) && number > 0)) {
  process.stderr.write(
    `${unknown.length > 0 ? `no suite is called ${unknown.join(', ')}` : 'not a number'}\n\n${HELP}`,
  );
  process.exit(2);
}
const choose = (strikes: readonly Strike[]) =>
  strikes.filter(({ at }, i) => at >= from && at <= to && (!values.quick || i % 7 === 0));
const seconds = (start: number) => `${((performance.now() - start) / 1000).toFixed(0)} s`;

const begin = performance.now();
const arena = await openArena();
let failed = 0;
try {
  for (const suite of suites) await run(suite.name, (start) => strikeAll(suite, start));
  await run('trouble', endureAll);
  await run('past', believeAll);
  for (const failure of arena.nodeFailures) console.log('the simulated node failed:', failure);
} finally {
  await arena.close();
}
console.log(`${failed} failed, ${seconds(begin)}`);
process.exitCode = failed + arena.nodeFailures.length > 0 ? 1 : 0;

/** A part that cannot be run is told and counts as failed, and the next ones run. */
async function run(part: string, work: (start: number) => Promise<void>): Promise<void> {
  if (!isAsked(part)) return;
  const start = performance.now();
  await work(start).catch((error) => {
    failed++;
    console.log(`${part}: FAILED: ${error instanceof Error ? error.message : error}`);
  });
}

async function proveAloud(suite: Suite, name: PlantName): Promise<boolean> {
  const { caught, why } = await prove(arena, suite, plants[name], name);
  if (caught) return true;
  failed++;
  const unproven = why === undefined ? '' : `; nothing is proven: ${why}`;
  console.log(`${suite.name}: DOES NOT CATCH ${name}: ${plants[name].about}${unproven}`);
  return false;
}

async function strikeAll(suite: Suite, start: number): Promise<void> {
  const names = values.quick || values['no-proof'] ? [] : suite.catches;
  const proven = await Promise.all(names.map((name) => proveAloud(suite, name)));
  const onProgress = (done: number, of: number) => {
    if (done % 20 === 0) console.log(`${suite.name}: ${done} of ${of} runs, ${seconds(start)}`);
  };
  const onDivergence = ({ strike, why }: FoundDivergence) =>
    console.log(`${suite.name}: DIVERGES at write ${strike.at} (${strike.death}): ${why}`);
  const report = await runCampaign(arena, suite, { concurrency, choose, onProgress, onDivergence });
  failed += report.divergences.length;
  console.log(
    `${suite.name}: ${report.writes} writes, ${report.struck} strikes, ${report.divergences.length} divergences, ` +
      `${proven.filter(Boolean).length} of ${proven.length} planted bugs caught, ${seconds(start)}`,
  );
}

async function endureAll(start: number): Promise<void> {
  for (const { disturbance, writes, why } of await endure(arena, disturbances, concurrency)) {
    if (why !== undefined) failed++;
    console.log(`trouble: ${disturbance.name}: ${disturbance.about}: ${why ?? `stood, ${writes} writes`}`);
  }
  console.log(`trouble: ${seconds(start)}`);
}

async function believeAll(start: number): Promise<void> {
  for (const past of pasts) {
    const tried = (Object.keys(lags) as Lag[]).map(async (lag) => {
      const why = await believe(arena, past, lag).then(
        () => undefined,
        (error: unknown) => String(error),
      );
      if (why !== undefined) failed++;
      console.log(`past: ${past.about}; of the past: ${lag}: ${why ?? 'stood'}`);
    });
    await Promise.all(tried);
  }
  console.log(`past: ${seconds(start)}`);
}
