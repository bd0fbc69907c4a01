import { spawn } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { run as runTests } from 'node:test';
import { spec } from 'node:test/reporters';
import { parseEnv } from 'node:util';

/** What came of a stage: how many tests passed, and which failed or were skipped, each with its reason. */
export interface StageResult {
  passed: number;
  failed: string[];
  skipped: string[];
}

interface Stage {
  name: string;
  about: string;
  /** Whether it needs the cluster of `npm start`. */
  onCluster?: true;
  run: () => Promise<StageResult>;
}

const root = join(import.meta.dirname, '..');
const environmentFile = join(root, '.cluster/env');

/** The stages of `npm test`, cheapest first. */
export const stages: readonly Stage[] = [
  {
    name: 'check',
    about: 'types, lint, generated files, unused code, who imports whom',
    run: async () => {
      const commands = [
        ['tsc', '--noEmit'],
        ['tsc', '--noEmit', '--project', 'sdk'],
        ['tsc', '--noEmit', '--project', 'dashboard'],
        ['tsc', '--noEmit', '--project', 'docs/.vitepress'],
        ['biome', 'ci', '--error-on-warnings', '.'],
        ['node', 'tools/generate.ts', '--check'],
        ['knip'],
      ];
      const exits = await sequentially(commands, command);
      const failed = commands.flatMap((words, i) => (exits[i] === 0 ? [] : [words.join(' ')]));
      const tests = await testFiles('check', 1);
      return { ...tests, passed: tests.passed + exits.length - failed.length, failed: [...failed, ...tests.failed] };
    },
  },
  { name: 'unit', about: 'pure parts, with injected clocks', run: () => testFiles('unit', 2) },
  {
    name: 'contract',
    about: 'one suite over every adapter of a port, and the API against its document',
    run: () => testFiles('contract', 2),
  },
  { name: 'integration', about: 'against a real API server and a real Redis', run: () => testFiles('integration', 3) },
  { name: 'chart', about: 'lint, templates, installation on a real API server', run: () => testFiles('chart', 1) },
  {
    name: 'e2e',
    about: 'on a real cluster, brought up if there is none',
    onCluster: true,
    run: () => startAndTest('e2e'),
  },
  {
    name: 'docs',
    about: 'every command of the documentation on that cluster, and its site',
    onCluster: true,
    run: () => startAndTest('docs'),
  },
];

/** `npm start`, which is a test itself and quick where it has run, then the tests on its cluster. */
async function startAndTest(folder: string): Promise<StageResult> {
  if ((await command(['node', 'cluster/start.ts'])) !== 0) return { passed: 0, failed: ['npm start'], skipped: [] };
  const result = await testFiles(folder, 1);
  return { ...result, passed: result.passed + 1 };
}

/** Stops the cluster after `work` where it was not up before. */
export async function leavingCluster<T>(work: () => Promise<T>): Promise<T> {
  const wasUp = await clusterAnswers();
  try {
    return await work();
  } finally {
    if (!wasUp) await command(['node', 'cluster/stop.ts']);
  }
}

/** Whether the cluster of an earlier `npm start` still serves. */
async function clusterAnswers(): Promise<boolean> {
  if (!existsSync(environmentFile)) return false;
  const { CUBBY_URL } = parseEnv(readFileSync(environmentFile, 'utf8'));
  return fetch(`${CUBBY_URL}/livez`, { signal: AbortSignal.timeout(3000) }).then(
    (answer) => answer.ok,
    () => false,
  );
}

/** Runs a command of the packages in the foreground; its exit code. */
async function command(words: string[]): Promise<number> {
  console.log(`$ ${words.join(' ')}`);
  const [program = '', ...args] = words;
  const child = spawn(join(root, 'node_modules/.bin', program), args, { cwd: root, stdio: 'inherit' });
  return new Promise((resolve, reject) => child.once('error', reject).once('exit', (code) => resolve(code ?? 1)));
}

/** No test may take longer: one that hangs must fail and not keep those after it from being run. */
const TEST_LIMIT_MS = 15 * 60_000;

/** Characters of why a test failed in the summary; the whole is in its stage's output. */
const MOST_REASON = 400;

/**
 * Runs test/<folder>/**\/*.test.ts, each file in a process of its own, `concurrency` at a time; those called
 * *.alone.test.ts, which measure times or rates, one after the other when the rest is done.
 */
async function testFiles(folder: string, concurrency: number): Promise<StageResult> {
  const files = globSync(`test/${folder}/**/*.test.ts`, { cwd: root }).map((file) => join(root, file));
  if (files.length === 0) throw new Error(`test/${folder} has no test`);
  const alone = files.filter((file) => file.endsWith('.alone.test.ts'));
  const result: StageResult = { passed: 0, failed: [], skipped: [] };
  await runFiles(
    files.filter((file) => !alone.includes(file)),
    concurrency,
    result,
  );
  if (alone.length > 0) await runFiles(alone, 1, result);
  return result;
}

/** Runs test files, and adds to `result` what came of them. */
async function runFiles(files: string[], concurrency: number, result: StageResult): Promise<void> {
  const events = runTests({ files: files.sort(), concurrency, cwd: root, timeout: TEST_LIMIT_MS });
  events.on('test:pass', ({ name, skip, details }) => {
    if (details.type === 'suite') return;
    if (skip !== undefined) result.skipped.push(`${name}${typeof skip === 'string' ? `: ${skip}` : ''}`);
    else result.passed++;
  });
  events.on('test:fail', ({ name, file, details }) => {
    if (details.type === 'suite') return;
    const reason = String(details.error.cause ?? details.error).replaceAll(/\s+/g, ' ');
    result.failed.push(`${name} (${relative(root, file ?? root)}): ${reason.slice(0, MOST_REASON)}`);
  });
  for await (const chunk of events.compose(new spec())) process.stdout.write(chunk);
}

async function sequentially<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (const item of items) results.push(await work(item));
  return results;
}
