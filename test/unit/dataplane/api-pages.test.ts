import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ERRORS } from '../../../dataplane/pipeline/errors.ts';
import { operations } from '../../../dataplane/routes/table.ts';

const page = (name: string) => readFileSync(join(import.meta.dirname, '../../../docs', name), 'utf8');

/** Anchors of a page's headings, as GitHub makes them. */
const anchors = (text: string) =>
  [...text.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );

test('every error code has its row with its status, and there is no row of another', () => {
  const rows = [...page('errors.md').matchAll(/^\| (\d{3}) \| `(\w+)` \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$/gm)];
  const told = rows.map(([, status, code]) => `${status} ${code}`);
  const codes = Object.entries(ERRORS).map(([code, { status }]) => `${status} ${code}`);
  assert.deepEqual(told.toSorted(), codes.toSorted());
  for (const [row, , , when, remedy] of rows) assert.ok(when?.trim() && remedy?.trim(), row);
});

test('the rows are in the order of their statuses', () => {
  const statuses = [...page('errors.md').matchAll(/^\| (\d{3}) \|/gm)].map(([, status]) => Number(status));
  assert.deepEqual(
    statuses,
    statuses.toSorted((a, b) => a - b),
  );
});

test('every call that needs a token is on the page of the API or on that of management', () => {
  const text = page('api.md') + page('management.md');
  for (const { access, method, path, tag } of operations({ ready: () => true })) {
    if (access === 'none') continue;
    const told = tag === 'api/kv' ? `| \`${path}\` |` : `\`${method} ${path}\``;
    assert.ok(text.includes(told), told);
  }
});

test('links between the pages of the API lead somewhere', () => {
  for (const name of ['api.md', 'errors.md', 'management.md']) {
    for (const [link, file, anchor] of page(name).matchAll(/\]\(([\w./-]*)(?:#([\w-]+))?\)/g)) {
      const target = file === '' ? page(name) : page(file ?? '');
      assert.ok(!anchor || anchors(target).includes(anchor), `${name}: ${link}`);
    }
  }
});
