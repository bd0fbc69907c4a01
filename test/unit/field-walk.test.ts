import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { TENANT_DIRECTIVES } from '../../operator/resources/directives.ts';
import { directiveValues } from '../e2e/field-walk/directives.ts';
import { walkedElsewhere } from '../e2e/field-walk/elsewhere.ts';
import { leaves, type Row, type Schema, withField } from '../e2e/field-walk/row.ts';
import { storeRows } from '../e2e/field-walk/store-rows.ts';
import { tokenRows } from '../e2e/field-walk/token-rows.ts';

const root = join(import.meta.dirname, '../..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');

const kinds: Record<string, readonly Row<never>[]> = { kvstores: storeRows('standard'), kvtokens: tokenRows };

function specOf(plural: string): Schema {
  const { spec } = parse(read(`crds/${plural}.cubby.dev.yaml`));
  return spec.versions[0].schema.openAPIV3Schema.properties.spec;
}

const elsewhere = Object.keys(walkedElsewhere);
const isElsewhere = (field: string) => elsewhere.some((part) => field === part || field.startsWith(`${part}.`));

/** The fields of a schema that nothing walks, and those of rows that it does not have. */
function difference(schema: Schema, rows: readonly Row<never>[]): { unwalked: string[]; unknown: string[] } {
  const fields = leaves(schema);
  const walked = rows.flatMap((row) => row.fields);
  return {
    unwalked: fields.filter((field) => !walked.includes(field) && !isElsewhere(field)),
    unknown: walked.filter((field) => !fields.some((known) => known === field || known.startsWith(`${field}.`))),
  };
}

test('every field of the schemas is walked, and nothing besides', () => {
  for (const [plural, rows] of Object.entries(kinds)) {
    assert.deepEqual(difference(specOf(plural), rows), { unwalked: [], unknown: [] }, plural);
  }
  assert.deepEqual(Object.keys(directiveValues), Object.keys(TENANT_DIRECTIVES));
});

test('a field that is walked elsewhere is there, and the test that walks it sets it', () => {
  const fields = leaves(specOf('kvstores'));
  for (const [part, { test }] of Object.entries(walkedElsewhere)) {
    assert.ok(
      fields.some((field) => field === part || field.startsWith(`${part}.`)),
      part,
    );
    assert.match(read(test), new RegExp(`\\b${part.replace('spec.', '')}\\b`), `${test} sets ${part}`);
  }
});

test('a field that a schema gains is missed at any depth', () => {
  const schema = structuredClone(specOf('kvstores'));
  assert.ok(schema.properties);
  schema.properties.colour = {};
  const { scheduling, limits } = schema.properties;
  Object.assign(scheduling?.properties?.tolerations?.items?.properties ?? {}, { colour: {} });
  Object.assign(limits?.properties ?? {}, { colour: {} });
  assert.deepEqual(difference(schema, storeRows('standard')).unwalked.sort(), [
    'spec.colour',
    'spec.limits.colour',
    'spec.scheduling.tolerations[].colour',
  ]);
});

test('every field is refused something, and one that can change is changed and removed', () => {
  for (const rows of Object.values(kinds)) {
    for (const field of rows.flatMap((row) => row.fields)) {
      const walked = rows.filter((row) => row.fields.includes(field));
      const values = walked.flatMap((row) => row.values).map(({ value }) => JSON.stringify(value));
      const refused = walked.flatMap((row) => row.refused).map(({ value }) => value);
      assert.ok(refused.length > 0, `${field} is refused nothing`);
      if (walked[0]?.effect === 'fixed') continue;
      assert.ok(new Set(values).size > 1, `${field} is changed`);
      assert.ok(values.includes(undefined as never) || refused.includes(undefined), `${field} is removed`);
    }
  }
});

test('a field is set in a copy and removed with what it leaves empty', () => {
  const spec = { version: '8.0', limits: { burst: 1 } };
  assert.deepEqual(withField(spec, 'spec.resources.cpu.limit', '1'), { ...spec, resources: { cpu: { limit: '1' } } });
  assert.deepEqual(withField(spec, 'spec.limits.burst', undefined), { version: '8.0' });
  assert.deepEqual(withField(spec, 'spec.tolerations[].key', [1]), { ...spec, tolerations: [1] });
});

test('the page on changes says of every field what changing it does, as the walk has it', () => {
  const page = read('docs/operations/changes.md');
  const rows = new Map(
    [...page.matchAll(/^\| `(spec\.[^`]+)` \| ([^|]+) \|/gm)].map(([, f = '', e = '']) => [f, e.trim()]),
  );
  const words = { 'data plane': 'live', claim: 'live', token: 'live', hibernation: 'stops Redis' } as const;
  const walked = kinds.kvstores?.flatMap(({ fields, effect }) => fields.map((field) => [field, effect] as const)) ?? [];
  const effects = [
    ...walked,
    ...Object.entries(walkedElsewhere).map(([field, { effect }]) => [field, effect] as const),
  ];
  const wanted = new Map<string, string>();
  for (const [field, effect] of effects)
    wanted.set(field.split('[]')[0] ?? '', effect in words ? words[effect as keyof typeof words] : effect);
  assert.deepEqual(rows, wanted);
});
