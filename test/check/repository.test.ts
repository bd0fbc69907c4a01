import assert from 'node:assert/strict';
import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';

const root = join(import.meta.dirname, '../..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');

/** An element of a form: https://docs.github.com/en/communities/using-templates-to-encourage-useful-issues-and-pull-requests/syntax-for-githubs-form-schema */
interface Element {
  type: string;
  id?: string;
  attributes: Record<string, unknown>;
  validations?: { required?: boolean };
}

/** What the attributes of an element must and may be. */
const ELEMENTS: Record<string, { must: string[]; may: string[] }> = {
  markdown: { must: ['value'], may: [] },
  textarea: { must: ['label'], may: ['description', 'placeholder', 'value', 'render'] },
  input: { must: ['label'], may: ['description', 'placeholder', 'value'] },
  dropdown: { must: ['label', 'options'], may: ['description', 'multiple', 'default'] },
  checkboxes: { must: ['label', 'options'], may: ['description'] },
};

test('every form for issues is one that GitHub shows: it leaves out a wrong one without a word', () => {
  const forms = globSync('.github/ISSUE_TEMPLATE/*.yml', { cwd: root }).filter((file) => !file.endsWith('config.yml'));
  assert.ok(forms.length >= 2);
  for (const file of forms) {
    const { name, description, body } = parse(read(file)) as { name: string; description: string; body: Element[] };
    assert.ok(name && description && body.some(({ type }) => type !== 'markdown'), file);
    for (const { type, attributes } of body) {
      const { must, may } = ELEMENTS[type] ?? assert.fail(`${file}: no element is a ${type}`);
      for (const attribute of must) assert.ok(attributes[attribute], `${file}: a ${type} needs ${attribute}`);
      for (const attribute of Object.keys(attributes)) assert.ok([...must, ...may].includes(attribute), attribute);
    }
    const ids = body.flatMap(({ id }) => id ?? []);
    assert.equal(new Set(ids).size, ids.length, file);
  }
});

test('Dependabot watches every Go module but Kubernetes, which is moved by hand, and no folder that is not there', () => {
  const { updates } = parse(read('.github/dependabot.yml')) as {
    updates: { directory?: string; directories?: string[] }[];
  };
  const watched = updates.flatMap(({ directory, directories = [] }) => (directory ? [directory] : directories));
  for (const folder of watched) assert.ok(existsSync(join(root, folder)), folder);
  const modules = readdirSync(join(root, 'cluster/go')).map((name) => `/cluster/go/${name}`);
  assert.deepEqual(
    modules.filter((name) => !watched.includes(name)),
    ['/cluster/go/kubernetes'],
  );
});

test('the tree in docs/ARCHITECTURE.md has every folder of the repository, and its parts of those that it opens', () => {
  const [, tree = ''] = /^## The tree\n+```text\n([\s\S]*?)```/m.exec(read('docs/ARCHITECTURE.md')) ?? [];
  const shown = new Map<string, string[]>();
  for (const [, indent, name = ''] of tree.matchAll(/^( {2})?(\S+)\/ /gm)) {
    if (indent === undefined) shown.set(name, []);
    else [...shown.values()].at(-1)?.push(name);
  }
  const ignored = ['node_modules', 'dist', 'coverage'];
  const foldersOf = (path: string) =>
    readdirSync(join(root, path), { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.') && !ignored.includes(entry.name))
      .map(({ name }) => name)
      .sort();
  const tops = [...shown.keys()].map((name) => name.split('/')[0]);
  assert.deepEqual(tops.sort(), foldersOf('.'));
  for (const [folder, parts] of shown) if (parts.length > 0) assert.deepEqual(parts.sort(), foldersOf(folder), folder);
});
