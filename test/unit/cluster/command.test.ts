import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { CommandError, run, succeeds } from '../../../cluster/command.ts';

test('a command gives back its standard output alone', async () => {
  assert.equal(await run('sh', ['-c', 'echo out; echo err >&2']), 'out\n');
});

test('a failure tells the exit code, what was printed last and the log to read', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'command-'));
  t.after(() => rm(directory, { recursive: true }));
  const log = join(directory, 'a.log');
  await assert.rejects(run('sh', ['-c', 'echo reason >&2; exit 3'], { log }), (error) => {
    assert.ok(error instanceof CommandError);
    assert.match(error.message, /exit code 3/);
    assert.match(error.message, /reason/);
    assert.ok(error.message.includes(log));
    return true;
  });
  assert.match(await readFile(log, 'utf8'), /reason/);
});

test('a program that does not exist is an error, not a crash', async () => {
  await assert.rejects(run('no-such-program', []), /could not be started/);
  assert.equal(await succeeds('no-such-program', []), false);
});

test('input comes from a text or from a file', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'command-'));
  t.after(() => rm(directory, { recursive: true }));
  await writeFile(join(directory, 'in'), 'from a file');
  assert.equal(await run('cat', [], { input: 'from a text' }), 'from a text');
  assert.equal(await run('cat', [], { inputFile: join(directory, 'in') }), 'from a file');
});

test('a command that ends without reading its input is judged by its exit code', async () => {
  assert.equal(await succeeds('true', [], { input: 'x'.repeat(1_000_000) }), true);
});
