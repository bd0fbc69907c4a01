// `npm test`: every stage in order, then one summary. `npm test -- unit integration` runs only those stages.
import { parseArgs } from 'node:util';
import { leavingCluster, type StageResult, stages } from './stages.ts';

const HELP = `npm test [-- STAGE…]

Runs every stage, or the named ones, and ends with a summary. A stage that fails does not keep the others from running.

${stages.map((stage) => `  ${stage.name.padEnd(12)} ${stage.about}`).join('\n')}
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { help: { type: 'boolean', short: 'h' } },
});
if (values.help) {
  process.stdout.write(HELP);
  process.exit(0);
}
const unknown = positionals.filter((name) => !stages.some((stage) => stage.name === name));
if (unknown.length > 0) {
  process.stderr.write(`no stage is called ${unknown.join(', ')}\n\n${HELP}`);
  process.exit(2);
}

const chosen = positionals.length > 0 ? stages.filter((stage) => positionals.includes(stage.name)) : stages;
const results: (StageResult & { name: string; seconds: number })[] = [];
async function runChosen(): Promise<void> {
  for (const stage of chosen) {
    console.log(`\n━━ ${stage.name}: ${stage.about}`);
    const start = performance.now();
    const result = await stage.run().catch((error: unknown) => {
      console.error(error);
      return { passed: 0, failed: [String(error)], skipped: [] };
    });
    results.push({ name: stage.name, seconds: (performance.now() - start) / 1000, ...result });
  }
}
await (chosen.some((stage) => stage.onCluster) ? leavingCluster(runChosen) : runChosen());

console.log('\n━━ summary');
for (const { name, passed, failed, skipped, seconds } of results) {
  const outcome = failed.length > 0 ? 'FAILED' : 'ok';
  console.log(
    `  ${name.padEnd(12)} ${outcome.padEnd(7)} ${String(passed).padStart(4)} passed ${String(failed.length).padStart(3)} failed ${String(skipped.length).padStart(3)} skipped  ${seconds.toFixed(0)} s`,
  );
  for (const reason of failed) console.log(`      failed: ${reason}`);
  for (const reason of skipped) console.log(`      skipped: ${reason}`);
}
const total = (count: (result: StageResult) => number) => results.reduce((sum, result) => sum + count(result), 0);
console.log(
  `\n${total((r) => r.passed)} passed, ${total((r) => r.failed.length)} failed, ${total((r) => r.skipped.length)} skipped`,
);
process.exitCode = total((r) => r.failed.length) > 0 || total((r) => r.passed) === 0 ? 1 : 0;
