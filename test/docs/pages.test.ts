import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { run } from '../../cluster/command.ts';
import { blocksOf } from './blocks.ts';
import { notRun } from './not-run.ts';
import { readPages, runbookPrelude, settings } from './pages.ts';
import { runPage } from './run-page.ts';
import { moduleOf, numbered } from './script.ts';
import { claimsOf, createClaims, prepare } from './setting.ts';
import { createWorkspace, type Workspace } from './workspace.ts';

const root = join(import.meta.dirname, '../..');
const pages = new Map([...readPages()].map(([page, markdown]) => [page, blocksOf(page, markdown)]));
const runnable = [...pages].filter(([, blocks]) => blocks.some((block) => block.notRun === undefined));

test('no block is left out but those that are listed, for the reason that its page gives', () => {
  const found = [...pages].flatMap(([page, blocks]) => {
    const reasons = blocks.flatMap((block) => block.notRun ?? []);
    return reasons.length > 0 ? [[page, reasons] as const] : [];
  });
  assert.deepEqual(Object.fromEntries(found), notRun);
});

/** The commands of the blocks that are not run, each on a line of its own. */
const commandsNotRun = [...pages].flatMap(([page, blocks]) =>
  blocks
    .filter(({ notRun }) => notRun !== undefined)
    .flatMap(({ text }) =>
      text
        .replace(/\\\n\s*/g, ' ')
        .trim()
        .split('\n'),
    )
    .map((command) => ({ page, command: command.replace(/\s+#.*/, '') })),
);

test('what is not run names scripts and files that are there', () => {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  let seen = 0;
  for (const { page, command } of commandsNotRun) {
    const [, script] = /\bnpm (?:run )?(start|test|(?<=run )\w+)/.exec(command) ?? [];
    const files = command.match(/(?<= )(?:test|tools)\/\S+/g) ?? [];
    if (script) assert.ok(script in scripts, `${page}: ${command}`);
    for (const file of files) assert.ok(existsSync(join(root, file)), `${page}: ${command}`);
    seen += files.length + (script ? 1 : 0);
  }
  assert.ok(seen > 15, `${seen} scripts and files`);
});

test('every setting is of a page that is run', () => {
  const names = runnable.map(([page]) => page);
  assert.deepEqual(
    Object.keys(settings).filter((page) => !names.includes(page)),
    [],
  );
});

describe('what a page says works', { concurrency: 2 }, () => {
  let workspace: Workspace;
  before(async () => {
    workspace = await createWorkspace();
  });
  after(() => workspace?.remove());

  test('the TypeScript of pages is sound by its types', async () => {
    const directory = workspace.createDirectory('types');
    const modules = [...pages].flatMap(([page, blocks]) => {
      const text = moduleOf(numbered(blocks));
      return text === undefined ? [] : [{ name: `${page.replaceAll('/', '-')}.page.mts`, text }];
    });
    for (const { name, text } of modules) writeFileSync(join(directory, name), text);
    const config = { extends: './tsconfig.json', include: ['*.page.mts'], exclude: [] };
    writeFileSync(join(directory, 'pages.tsconfig.json'), JSON.stringify(config));
    await run(join(root, 'node_modules/.bin/tsc'), ['--project', 'pages.tsconfig.json'], { cwd: directory });
  });

  test('Helm takes the commands that are not run, where they change nothing', async () => {
    const directory = workspace.createDirectory('helm');
    const env = { ...(await prepare({ after: () => {} }, {}, directory)), PATH: workspace.path };
    const commands = commandsNotRun.filter(({ command }) => /^helm (install|upgrade) /.test(command));
    for (const { page, command } of commands) {
      // A client's dry run of an installation asks no cluster, where the release is installed already.
      const dryRun = command.startsWith('helm install') ? 'client' : 'server';
      await assert.doesNotReject(run('bash', ['-c', `${command} --dry-run=${dryRun}`], { cwd: directory, env }), page);
    }
    assert.ok(commands.length > 3, `${commands.length} commands`);
  });

  const claim = createClaims();
  for (const [page, blocks] of runnable) {
    test(page, async (context) => {
      const setting = settings[page] ?? {};
      const prelude = page.startsWith('docs/runbooks/') ? runbookPrelude : '';
      const { ran, failures } = await claim(claimsOf(setting), async () => {
        const directory = workspace.createDirectory(page.replaceAll('/', '-'));
        const ends: (() => unknown)[] = [];
        try {
          const environment = await prepare(
            { after: (end) => void ends.push(end as () => unknown) },
            setting,
            directory,
          );
          environment.PATH = workspace.path;
          return await runPage(page, blocks, { directory, environment, prelude });
        } finally {
          for (const end of ends.reverse()) await end();
        }
      });
      const left = blocks.length - blocks.filter((block) => block.notRun === undefined).length;
      context.diagnostic(`${page}: ${ran} of ${blocks.length} blocks ran${left > 0 ? `, ${left} are not run` : ''}`);
      assert.equal(failures.join('\n'), '');
    });
  }
});
