import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { ensureBinaries } from '../../cluster/binaries.ts';
import { run } from '../../cluster/command.ts';
import { consoleProgress } from '../../cluster/progress.ts';

const root = join(import.meta.dirname, '../..');
const workflows = globSync('.github/workflows/*.yml', { cwd: root }).map((file) =>
  readFileSync(join(root, file), 'utf8'),
);
let actionlint: string;

before(async () => {
  ({ actionlint } = await ensureBinaries(['actionlint'], consoleProgress));
});

/** Rejects with what actionlint finds. shellcheck and pyflakes stay out: their presence differs between machines. */
function lint(workflow: string): Promise<string> {
  return run(actionlint, ['-no-color', '-shellcheck=', '-pyflakes=', '-'], { input: workflow });
}

test('actionlint finds nothing in the workflows', async () => {
  assert.ok(workflows.length > 0);
  for (const workflow of workflows) await lint(workflow);
});

test('actionlint would have found an unknown key, an unknown context and an unknown runner', async () => {
  const [workflow = ''] = workflows;
  const mistakes: [RegExp, string, RegExp][] = [
    [/timeout-minutes/, 'time-out-minutes', /unexpected key "time-out-minutes"/],
    [/github\.ref/, 'githob.ref', /undefined variable "githob"/],
    [/ubuntu-24\.04/, 'ubuntu-14.04', /label "ubuntu-14.04" is unknown/],
  ];
  for (const [what, mistake, finding] of mistakes) {
    await assert.rejects(lint(workflow.replace(what, mistake)), finding);
  }
});

test('every action is pinned by its commit, with its release beside it', () => {
  for (const workflow of workflows) {
    for (const line of workflow.split('\n').filter((text) => text.includes('uses:'))) {
      assert.match(line, /uses: [\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
    }
  }
});
