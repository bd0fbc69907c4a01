import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { isMap, parseDocument, type YAMLMap } from 'yaml';
import { chartFolder, helm, render } from './chart.ts';

interface Schema {
  description?: string;
  type?: string | string[];
  properties?: Record<string, Schema>;
  additionalProperties?: unknown;
}

const schema = JSON.parse(readFileSync(join(chartFolder, 'values.schema.json'), 'utf8')) as Schema;
const values = parseDocument(readFileSync(join(chartFolder, 'values.yaml'), 'utf8'));

/** Calls `visit` with each value's path, its schema, and the comment above it. */
function walk(map: YAMLMap, node: Schema, visit: (path: string, schema?: Schema, comment?: string) => void, path = '') {
  map.items.forEach((pair, index) => {
    const key = pair.key as { value: string; commentBefore?: string };
    // The parser gives the comment above a map's first key to the map itself.
    const comment = key.commentBefore ?? (index === 0 ? map.commentBefore : undefined);
    const child = node.properties?.[key.value];
    visit(`${path}${key.value}`, child, comment ?? undefined);
    if (isMap(pair.value) && child?.properties && key.value !== 'resources') {
      walk(pair.value, child, visit, `${path}${key.value}.`);
    }
  });
}

function* objectsOf(node: Schema, path = ''): Generator<[string, Schema]> {
  yield [path, node];
  for (const [name, child] of Object.entries(node.properties ?? {})) yield* objectsOf(child, `${path}/${name}`);
}

test('helm lint --strict finds nothing', async () => {
  assert.match(await helm(['lint', '--strict', chartFolder]), /1 chart\(s\) linted, 0 chart\(s\) failed/);
});

test('every value is in the schema and described in both files', () => {
  let count = 0;
  walk(values.contents as YAMLMap, schema, (path, child, comment) => {
    count++;
    assert.ok(child?.description, `${path} has no description in values.schema.json`);
    assert.ok(comment?.trim(), `${path} has no comment in values.yaml`);
  });
  assert.ok(count > 40, `saw ${count} values`);
});

test('every value of the schema has its default in values.yaml', () => {
  for (const [path, node] of objectsOf(schema)) {
    if (path === '' || path === '/global' || node.properties) continue;
    assert.ok(values.hasIn(path.slice(1).split('/')), path);
  }
});

test('the schema is closed: an object of named properties takes no others', () => {
  for (const [path, node] of objectsOf(schema)) {
    if (node.properties && !path.endsWith('/resources')) assert.equal(node.additionalProperties, false, path);
  }
});

const refused: [string, object][] = [
  ['an unknown value', { operater: {} }],
  ['an unknown nested value', { dataplane: { service: { nodeport: 30080 } } }],
  ['a wrong type', { operator: { replicas: '2' } }],
  ['an unknown service type', { dataplane: { service: { type: 'ExternalName' } } }],
  ['a digest that is none', { image: { digest: 'latest' } }],
  ['a version that is no major.minor', { versions: { latest: 'redis:latest' } }],
  ['an unknown log level', { logLevel: 'loud' }],
  ['a URL with a slash at its end', { dataplane: { url: 'https://kv.example.com/' } }],
  ['a port out of range', { dataplane: { service: { port: 70000 } } }],
  ['a price below nothing', { prices: { get: -1 } }],
  ['a price of an unknown operation', { prices: { touch: 1 } }],
  ['a budget that is a number, which may lose digits', { plans: { free: { tokensPerMonth: 0.5 } } }],
  ['a budget of nothing', { plans: { free: { tokensPerMonth: '0.00' } } }],
  ['a budget of too many decimals', { plans: { free: { tokensPerMonth: '0.0000000001' } } }],
  ['a burst without a rate', { plans: { slow: { burst: 5 } } }],
  ['a plan called as no plan can be asked for', { plans: { Free: {} } }],
  ['an unknown access log', { dataplane: { accessLog: 'none' } }],
  ['a memory without a unit that exists', { ledger: { memory: '64MB' } }],
];
for (const [what, given] of refused) {
  test(`${what} is refused`, async () => {
    await assert.rejects(render(given), /don't meet the specifications of the schema/);
  });
}

const inconsistent: [string, object, RegExp][] = [
  ['a ledger of an unknown version', { ledger: { version: '9.9' } }, /ledger.version: "9.9" .* use one of 7.0, 8.0/],
  [
    'a default version that is unknown',
    { dataplane: { management: { defaultVersion: '9.9' } } },
    /defaultVersion: "9.9" .* use one of 7.0, 8.0/,
  ],
  [
    "tenants in the release's own namespace, whose tokens reach every project",
    { dataplane: { management: { namespace: 'cubby-system' } } },
    /management.namespace must not be the release's own namespace/,
  ],
];
for (const [what, given, message] of inconsistent) {
  test(`${what} is refused, and the message says what to do`, () => assert.rejects(render(given), message));
}

test('values under global are let through, for charts that have this one as a dependency', async () => {
  await render({ global: { team: 'storage' } });
});

test('the chart and the package have one version', () => {
  const chart = parseDocument(readFileSync(join(chartFolder, 'Chart.yaml'), 'utf8')).toJS();
  const { version } = JSON.parse(readFileSync(join(chartFolder, '../../package.json'), 'utf8'));
  assert.deepEqual([chart.version, chart.appVersion], [version, version]);
});
