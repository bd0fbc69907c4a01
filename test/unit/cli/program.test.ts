import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { propose } from '../../../cli/commands/complete.ts';
import { createProgram } from '../../../cli/program/program.ts';
import { documented, fullName } from '../../../tools/generate/cli-reference.ts';

type Command = ReturnType<typeof createProgram>;

const commands = documented(createProgram(async () => {}));
const read = (path: string) => readFileSync(join(import.meta.dirname, '../../..', path), 'utf8');

function helpOf(command: Command): string {
  const parts: string[] = [];
  command.configureOutput({ writeOut: (part) => void parts.push(part) }).outputHelp();
  return parts.join('');
}

/** The words of a shell's line up to its first pipe, redirection or substitution. */
function wordsOf(line: string): string[] {
  const [own = ''] = line.split(/ [|<>] ?/);
  return [...own.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '');
}

const examples = commands.flatMap((command) =>
  (helpOf(command).match(/^ {2}\$ .*$/gm) ?? []).map((line) => line.slice(4).replace(/^source <\((.*)\)$/, '$1')),
);

test('every command has an example, and every example is taken by the command it is of', async () => {
  assert.ok(examples.length > commands.length, `${examples.length} examples of ${commands.length} commands`);
  const ran = new Set<string>();
  for (const line of examples) {
    const program = createProgram(async (_load, command) => void ran.add(fullName(command)));
    const all = (command: Command): Command[] => [command, ...command.commands.flatMap(all)];
    for (const each of all(program)) each.exitOverride().configureOutput({ writeErr: () => {} });
    await program
      .parseAsync(wordsOf(line).slice(1), { from: 'user' })
      .catch((error: unknown) => assert.fail(`${line}: ${error}`));
  }
  assert.deepEqual([...ran].sort(), commands.map(fullName).sort());
});

test('every command is in the reference, and docs/cli.md leads there and names each', () => {
  const reference = read('docs/reference/cli.md');
  const guide = read('docs/cli.md');
  for (const command of commands) {
    assert.ok(reference.includes(`\n## ${fullName(command)}\n`), fullName(command));
    assert.match(guide, new RegExp(`\\b${fullName(command)}\\b`), fullName(command));
  }
});

test('no option takes a token', () => {
  const options = commands.flatMap((command) => [...command.options, ...(command.parent?.options ?? [])]);
  assert.deepEqual(
    options.map(({ long }) => long).filter((long) => long === '--token' || long === '--password'),
    [],
  );
});

test('a negative number is an amount and no option', async () => {
  let amount: unknown;
  const program = createProgram(async (_load, command) => {
    amount = command.processedArgs[1];
  });
  await program.parseAsync(['incr', 'stock', '-5'], { from: 'user' });
  assert.equal(amount, -5);
});

const proposed = (...words: string[]) => {
  const { candidates, wanted } = propose(
    createProgram(async () => {}),
    words,
  );
  return { words: candidates.map(({ word }) => word), wanted };
};

test('a command is proposed where one may stand, and its arguments behind it', () => {
  assert.ok(proposed('').words.includes('status'));
  assert.ok(proposed('token', '').words.includes('rotate'));
  assert.deepEqual(proposed('completion', '').words, ['bash', 'zsh', 'fish']);
  assert.deepEqual(proposed('status', ''), { words: [], wanted: 'store' });
  assert.deepEqual(proposed('token', 'revoke', ''), { words: [], wanted: 'token' });
  assert.deepEqual(proposed('backup', 'create', ''), { words: [], wanted: 'store' });
  assert.deepEqual(proposed('backup', 'delete', ''), { words: [], wanted: 'backup' });
  assert.deepEqual(proposed('schedule', 'resume', ''), { words: [], wanted: 'schedule' });
  assert.deepEqual(proposed('schedule', 'set', 'nightly', ''), { words: [], wanted: 'store' });
  assert.deepEqual(proposed('get', ''), { words: [], wanted: undefined });
});

test('an option is proposed where one begins, and its values behind it', () => {
  assert.ok(proposed('set', 'a', '1', '--').words.includes('--ttl'));
  assert.ok(proposed('set', '--').words.includes('--namespace'));
  assert.deepEqual(proposed('stores', '-o', '').words, ['table', 'wide', 'json', 'yaml']);
  assert.equal(proposed('get', '--store', '').wanted, 'store');
  assert.equal(proposed('restore', 'main', '--backup', '').wanted, 'backup');
  assert.equal(proposed('stores', '-n', '').wanted, 'namespace');
});

test('the namespace that was chosen so far is the one that is asked', () => {
  const { options } = propose(
    createProgram(async () => {}),
    ['-n', 'shop', 'status', ''],
  );
  assert.deepEqual(options, { namespace: 'shop' });
});
