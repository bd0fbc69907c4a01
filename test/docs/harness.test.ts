import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { blocksOf } from './blocks.ts';
import { type Outcome, runPage } from './run-page.ts';

const root = join(import.meta.dirname, '../..');
const fence = '```';

/** Runs a page that is made of these lines. */
async function runText(...lines: string[]): Promise<Outcome> {
  const directory = mkdtempSync(join(tmpdir(), 'cubby-page-'));
  try {
    symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'));
    const environment = { PATH: `${join(root, 'node_modules/.bin')}:${process.env.PATH}` };
    return await runPage('page.md', blocksOf('page.md', lines.join('\n')), { directory, environment, prelude: '' });
  } finally {
    rmSync(directory, { recursive: true });
  }
}

const block = (language: string, ...lines: string[]) => [`${fence}${language}`, ...lines, fence];

test('what one block sets is there for the next, also for TypeScript', async () => {
  const outcome = await runText(
    ...block('sh', 'NAME=main'),
    ...block('ts', "console.log('first', process.env.NAME);"),
    ...block('text', 'first main'),
    ...block('ts', 'console.log(JSON.stringify({ id: 7, at: new Date() }));'),
    ...block('json', '{ "id": 7, "at": "2026-01-01T00:00:00Z" }'),
    ...block('sh', 'printf "NAME  AGE\\n$NAME  3s\\n"'),
    ...block('text', 'NAME   AGE', 'main   …'),
  );
  assert.deepEqual(outcome, { ran: 4, failures: [] });
});

test('a command that fails is a failure with its line, and nothing after it runs', async () => {
  const { ran, failures } = await runText('# Title', ...block('sh', 'true'), ...block('sh', 'false | true', 'true'));
  assert.equal(ran, 1);
  assert.match(failures.join('\n'), /^page\.md:6: failed with exit code 1\nfailed: true/);
});

test('an error of TypeScript and an output that is not the one shown are failures', async () => {
  const thrown = await runText(...block('ts', "throw new Error('no');"));
  assert.match(thrown.failures.join('\n'), /^page\.md:2: failed with exit code 1[\s\S]*Error: no/);
  for (const [command, shown] of [
    ['echo \'{"a":1}\'', ...block('json', '{ "a": 2 }')],
    ['echo \'{"a":1}\'', ...block('json', '{ "a": 1, "b": 2 }')],
    ['echo \'{"a":1,"b":2}\'', ...block('json', '{ "a": 1 }')],
    ['echo one', ...block('text', 'two')],
    ['printf "one\\ntwo\\n"', ...block('text', 'one')],
  ].map(([first = '', ...rest]) => [first, rest] as const)) {
    const { ran, failures } = await runText(...block('sh', command), ...shown);
    assert.equal(ran, 0, command);
    assert.match(failures.join('\n'), /^page\.md:2: the output is not what the page shows/, command);
  }
});

test('a block that is not run says why, and none hides behind another name', () => {
  const [first, second] = blocksOf(
    'page.md',
    ['<!-- not run: too long -->', ...block('sh', 'sleep 9'), 'Text.', ...block('sh', 'true')].join('\n'),
  );
  assert.equal(first?.notRun, 'too long');
  assert.equal(second?.notRun, undefined);
  assert.throws(
    () => blocksOf('page.md', block('bash', 'true').join('\n')),
    /^Error: page\.md:2: call the block one of sh, ts, .* not 'bash'/,
  );
  assert.throws(() => blocksOf('page.md', `${fence}sh\ntrue\n`), /has no end/);
});

test('a block that ends the page before its end is a failure, as what follows has not run', async () => {
  for (const ending of [
    block('sh', 'exit 0'),
    block('sh', 'cat <<EOF', 'without its end'),
    block('ts', 'process.exit(0);'),
  ]) {
    const { failures } = await runText(...ending, ...block('sh', 'true'), ...block('ts', 'console.log(1);'));
    assert.match(failures.join('\n'), /has not run/, ending.join('\n'));
  }
});

test('a block without a language or with one that is not known is refused, and tildes hide none', () => {
  for (const hiding of [
    block('', 'kubectl delete everything'),
    block('SH', 'true'),
    block('Bash', 'true'),
    block('fish', 'true'),
  ]) {
    assert.throws(() => blocksOf('page.md', hiding.join('\n')), /^Error: page\.md:2: call the block/, hiding[0]);
  }
  assert.equal(blocksOf('page.md', ['~~~sh', 'true', '~~~'].join('\n')).length, 1);
});
