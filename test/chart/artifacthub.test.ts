import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { chartFolder, podSpecs, render } from './chart.ts';

const root = join(chartFolder, '../..');
const read = (file: string) => parse(readFileSync(join(chartFolder, file), 'utf8'));
const { annotations } = read('Chart.yaml') as { annotations: Record<string, string> };
const annotation = (name: string) => parse(annotations[`artifacthub.io/${name}`] ?? '');

test('Chart.yaml names every image that the chart and its catalogue run, and no other', async () => {
  const containers = podSpecs(await render()).flatMap(({ spec }) => spec.containers);
  const run = new Set([...containers.map(({ image }) => image), ...Object.values(read('values.yaml').versions)]);
  assert.deepEqual(new Set(annotation('images').map(({ image }: { image: string }) => image)), run);
});

test('the examples in Chart.yaml are a store of a version in the catalogue, and a token for it', () => {
  const [store, token] = annotation('crdsExamples');
  assert.deepEqual([store.kind, token.kind], ['KVStore', 'KVToken']);
  assert.equal(token.spec.storeRef.name, store.metadata.name);
  assert.ok(read('values.yaml').versions[store.spec.version]);
});

test('every page that Chart.yaml links to in the repository is there', () => {
  const pages = annotation('links').flatMap(({ url }: { url: string }) => /\/blob\/main\/(.+)$/.exec(url)?.[1] ?? []);
  assert.ok(pages.length > 0);
  for (const page of pages) assert.ok(existsSync(join(root, page)), page);
});

test('the changes in Chart.yaml are of kinds that Artifact Hub knows', () => {
  const kinds = ['added', 'changed', 'deprecated', 'removed', 'fixed', 'security'];
  for (const { kind, description } of annotation('changes')) {
    assert.ok(kinds.includes(kind) && description.length > 0, `${kind}: ${description}`);
  }
});
