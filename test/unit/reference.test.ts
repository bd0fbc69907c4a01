import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';

const root = join(import.meta.dirname, '../..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');

interface Schema {
  properties?: Record<string, Schema>;
  items?: Schema;
  additionalProperties?: Schema | boolean;
}

/** The paths of all properties below a schema. */
function pathsOf(schema: Schema, prefix: string): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, inner]) => {
    const path = prefix + name;
    return [path, ...pathsOf(inner, `${path}.`), ...pathsOf(inner.items ?? {}, `${path}[].`)];
  });
}

test('the reference of a kind has every field of its CRD, and none besides', () => {
  for (const file of globSync('crds/*.yaml', { cwd: root })) {
    const { spec } = parse(read(file));
    const { spec: wanted, status } = spec.versions[0].schema.openAPIV3Schema.properties;
    const paths = [...pathsOf(wanted, 'spec.'), ...pathsOf(status, 'status.')];
    const page = read(`docs/reference/${spec.names.kind.toLowerCase()}.md`);
    const rows = [...page.matchAll(/^\| `((?:spec|status)\.[^`]+)` \|/gm)].map(([, path = '']) => path);
    assert.ok(paths.length > 10);
    assert.deepEqual(rows.sort(), paths.sort());
  }
});

test('the reference of values has every value of the chart with its default and meaning', () => {
  const page = read('docs/reference/values.md');
  const rows = new Map(
    [...page.matchAll(/^\| `([^`]+)` \| (.*?) \| (.*) \|$/gm)].map(([, path = '', ...cells]) => [path, cells]),
  );
  const values = parse(read('charts/cubby/values.yaml'));
  const isMap = (value: unknown): value is object =>
    typeof value === 'object' && value !== null && !Array.isArray(value);
  const walk = (value: object, prefix: string): void => {
    for (const [name, inner] of Object.entries(value)) {
      const [shown, meaning] = rows.get(prefix + name) ?? [];
      assert.ok(meaning, `${prefix}${name} has no meaning`);
      if (shown === '' && isMap(inner)) walk(inner, `${prefix}${name}.`);
      else assert.ok(shown, `${prefix}${name} has no default`);
    }
  };
  walk(values, '');
  assert.ok(rows.size > 50, `${rows.size} values`);
});

test('the reference of the API has every operation of its document, with each of its errors', () => {
  const { paths } = JSON.parse(read('docs/openapi.json'));
  const sections = new Map(
    read('docs/reference/api.md')
      .split(/^### /m)
      .slice(1)
      .map((text) => [/^`([^`]+)`/.exec(text)?.[1], text]),
  );
  const operations = Object.entries<Record<string, { responses: object }>>(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => [`${method.toUpperCase()} ${path}`, operation] as const),
  );
  assert.deepEqual([...sections.keys()].sort(), operations.map(([name]) => name).sort());
  for (const [name, { responses }] of operations) {
    for (const status of Object.keys(responses))
      assert.match(sections.get(name) ?? '', new RegExp(`\\b${status}\\b`), name);
  }
});
