import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

const root = join(import.meta.dirname, '../..');
const author = {
  GIT_AUTHOR_NAME: 'a',
  GIT_AUTHOR_EMAIL: 'a@example.com',
  GIT_COMMITTER_NAME: 'a',
  GIT_COMMITTER_EMAIL: 'a@example.com',
};

test("a tag's notes are what users get of the commits since the tag before, breaking changes first", (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'cubby-changelog-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const git = (...args: string[]) => execFileSync('git', args, { cwd: folder, env: { ...process.env, ...author } });
  const commit = (message: string) => git('commit', '--quiet', '--allow-empty', '--no-gpg-sign', '-m', message);
  cpSync(join(root, 'cliff.toml'), join(folder, 'cliff.toml'));
  git('init', '--quiet', '--initial-branch', 'main');
  commit('feat: the old');
  git('tag', 'v0.1.0');
  commit('feat(sdk): the new');
  commit('fix(dataplane): the mended');
  commit('test: nobody asks');
  commit('feat(api)!: another shape\n\nBREAKING CHANGE: answers have another shape');
  git('tag', 'v0.2.0');
  const program = join(root, 'node_modules/.bin/git-cliff');
  const notes = execFileSync(program, ['--offline', '--latest', '--strip', 'header'], { cwd: folder, stdio: 'pipe' });
  const [title, ...lines] = String(notes)
    .split('\n')
    .filter((line) => line !== '');
  assert.match(title ?? '', /^## 0\.2\.0 \(\d{4}-\d{2}-\d{2}\)$/);
  assert.deepEqual(lines, [
    '### Breaking changes',
    '- **api**: answers have another shape',
    '### Added',
    '- **sdk**: the new',
    '- **api**: another shape',
    '### Fixed',
    '- **dataplane**: the mended',
  ]);
});
