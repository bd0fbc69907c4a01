import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { errorsOf } from '../../dataplane/openapi/errors.ts';
import { HEADERS } from '../../dataplane/openapi/headers.ts';
import type { Operation } from '../../dataplane/pipeline/operation.ts';
import { operations } from '../../dataplane/routes/table.ts';

const docs = join(import.meta.dirname, '../../docs');
const pages = globSync('*.md', { cwd: docs })
  .map((name) => readFileSync(join(docs, name), 'utf8'))
  .join('\n');
const all = operations({ ready: () => true }).filter(({ internal }) => !internal);
const callOf = ({ method, path }: Operation) => `${method} ${path}`;

/** The rows of tables that are about one operation each, as their cells. Those of /api/kv leave POST out. */
const rows = [...pages.matchAll(/^\| \[?`((?:[A-Z]+ )?\/[^`]*)`.*$/gm)].flatMap(([line, call = '']) => {
  const operation = all.find((each) => [callOf(each), callOf(each).replace('POST /api/kv', '/api/kv')].includes(call));
  return operation ? [{ operation, cells: line.split(' | ').slice(1) }] : [];
});

describe('the pages for people and what the document is made of', () => {
  test('name the same calls', () => {
    const listed = new Set(rows.map(({ operation }) => operation.id));
    const elsewhere = all.filter((each) => !listed.has(each.id) && !pages.includes(`\`${callOf(each)}\``));
    assert.deepEqual(elsewhere.map(callOf), []);
    const named = [...pages.matchAll(/`((?:GET|PUT|POST|PATCH|DELETE) \/[^`?\s]*)`/g)].map((match) => match[1] ?? '');
    const calls = all.map(callOf);
    assert.deepEqual(
      [...new Set(named)].filter((call) => !calls.includes(call) && !call.includes('/a/b/')),
      [],
    );
  });

  test('name the same members of bodies, with what may be left out', () => {
    let compared = 0;
    for (const { operation, cells } of rows) {
      // Of members that hold others only the name is of interest here.
      const [, members] =
        /^`\{([\w?, ]+)(?:: \[.*\])?\}`$/.exec(cells.find((cell) => cell.startsWith('`{')) ?? '') ?? [];
      if (!operation.body || members === undefined || operation.method === 'DELETE') continue;
      const { shape } = operation.body;
      const expected = Object.entries(shape).map(([name, type]) =>
        type.safeParse(undefined).success ? `${name}?` : name,
      );
      const told = members.split(', ').filter((name) => name !== 'project_id?');
      assert.deepEqual(told.sort(), expected.sort(), callOf(operation));
      compared++;
    }
    assert.ok(compared >= 10, `${compared} bodies`);
  });

  test('give a call no status that the other does not', () => {
    for (const { operation, cells } of rows) {
      const [listed = ''] = cells.slice(2);
      const told = [...listed.matchAll(/\b[45]\d\d\b/g)].map(([status]) => Number(status));
      const possible = errorsOf(operation);
      for (const status of told) assert.ok(possible.has(status), `${callOf(operation)}: ${status}`);
    }
  });

  test('name the same headers', () => {
    for (const name of Object.keys(HEADERS)) assert.ok(pages.includes(`\`${name}`), `no page names \`${name}\``);
  });
});
