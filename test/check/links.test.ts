import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { test } from 'node:test';

const root = join(import.meta.dirname, '../..');
const pages = globSync(['**/*.md', '.github/*.md'], {
  cwd: root,
  exclude: ['**/node_modules/**', '.cluster/**', '**/dist/**'],
});

/** The text of a page without what stands in its blocks of code. */
const textOf = (page: string) => readFileSync(join(root, page), 'utf8').replace(/^( *)```[\s\S]*?^\1```$/gm, '');

/** The names under which GitHub lets links reach the headings of a page. */
function anchorsOf(page: string): Set<string> {
  const titles = [...textOf(page).matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title.replaceAll(/`|\*|\[|\]\(.*?\)/g, ''),
  );
  return new Set(
    titles.map((title) =>
      title
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

test('every link between files of the repository leads to a file, and to a heading where it names one', () => {
  const broken: string[] = [];
  let seen = 0;
  for (const page of pages) {
    for (const [, link, picture] of textOf(page).matchAll(
      /\]\(([^)\s]+)\)|<(?:img|source) [^>]*?src(?:set)?="([^"]+)"/g,
    )) {
      const target = link ?? picture ?? '';
      if (/^[a-z]+:/.test(target)) continue;
      seen++;
      const [path = '', anchor] = target.split('#');
      const file = path === '' ? page : relative(root, join(root, dirname(page), decodeURI(path)));
      const there = existsSync(join(root, file));
      if (!there || (anchor && file.endsWith('.md') && !anchorsOf(file).has(anchor))) broken.push(`${page}: ${target}`);
    }
  }
  assert.ok(seen > 100, `${seen} links`);
  assert.deepEqual(broken, []);
});
