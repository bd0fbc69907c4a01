import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { type Manifest, tryKubectl } from '../e2e/cluster.ts';
import { yamlOf } from './blocks.ts';
import { readPages } from './pages.ts';

const dryRun = ['apply', '--dry-run=server', '--validate=strict', '--filename', '-'];

/** A manifest that is shown, or the KVStore that a shown `spec` is of, in a namespace that is there; else undefined. */
function manifestOf(shown: Partial<Manifest> | null): Manifest | undefined {
  if (shown?.metadata && shown.kind)
    return { ...shown, metadata: { ...shown.metadata, namespace: 'default' } } as Manifest;
  if (typeof shown?.spec !== 'object') return undefined;
  const metadata = { name: 'shown', namespace: 'default' };
  return { apiVersion: 'cubby.dev/v1alpha1', kind: 'KVStore', metadata, spec: { version: '8.0', ...shown.spec } };
}

test('the API server takes every manifest that a page shows, and every spec of a KVStore', async () => {
  let taken = 0;
  for (const [page, markdown] of readPages()) {
    for (const { text, line } of yamlOf(page, markdown)) {
      for (const document of parseAllDocuments(text)) {
        const manifest = manifestOf(document.toJS());
        if (manifest === undefined) continue;
        const { code, stderr } = await tryKubectl(dryRun, JSON.stringify(manifest));
        assert.equal(code, 0, `${page}:${line}: ${stderr}`);
        taken++;
      }
    }
  }
  assert.ok(taken > 3, `${taken} manifests`);
});
