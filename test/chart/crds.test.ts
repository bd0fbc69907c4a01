import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { chartFolder, render } from './chart.ts';

const folder = join(chartFolder, '../../crds');
const definitions = (await render()).filter(({ kind }) => kind === 'CustomResourceDefinition');

test("the chart's definitions are those of crds/, beside their labels and annotations", () => {
  const sources = readdirSync(folder).map((file) => parse(readFileSync(join(folder, file), 'utf8')));
  assert.equal(sources.length, 4);
  assert.deepEqual(
    definitions.map(({ apiVersion, kind, metadata, ...rest }) => ({
      apiVersion,
      kind,
      metadata: { name: metadata.name },
      ...rest,
    })),
    sources,
  );
});

test('Helm is told to keep the definitions', () => {
  for (const { metadata } of definitions) assert.equal(metadata.annotations?.['helm.sh/resource-policy'], 'keep');
});

test('Chart.yaml lists the definitions for those who look the chart up', () => {
  const { annotations } = parse(readFileSync(join(chartFolder, 'Chart.yaml'), 'utf8'));
  assert.deepEqual(
    new Set(
      parse(annotations['artifacthub.io/crds']).map((crd: { kind: string; version: string; name: string }) =>
        [crd.name, crd.kind, crd.version].join(' '),
      ),
    ),
    new Set(definitions.map(({ metadata, spec }) => [metadata.name, spec.names.kind, spec.versions[0].name].join(' '))),
  );
});

test('no definition lies in crds/ of the chart, where Helm would never upgrade it', () => {
  assert.ok(!readdirSync(chartFolder).includes('crds'));
});
