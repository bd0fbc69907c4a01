import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { render } from '../chart/chart.ts';
import { type Manifest, tryKubectl } from '../e2e/cluster.ts';
import { yamlOf } from './blocks.ts';
import { readPages } from './pages.ts';

/** A document that a page shows: an object, or a part of one. */
interface Shown extends Partial<Manifest> {
  spec?: object;
  env?: object[];
}

const dryRun = ['apply', '--dry-run=server', '--validate=strict', '--filename', '-'];

/** The manifest that is shown, or that the shown `spec` of a KVStore or `env` of a container is of; else undefined. */
function manifestOf(shown: Shown): Manifest | undefined {
  const metadata = { name: 'shown', namespace: 'default' };
  if (shown.metadata && shown.kind) {
    return { ...shown, metadata: { ...shown.metadata, namespace: 'default' } } as Manifest;
  }
  if (shown.spec) {
    return { apiVersion: 'cubby.dev/v1alpha1', kind: 'KVStore', metadata, spec: { version: '8.0', ...shown.spec } };
  }
  if (shown.env) {
    const containers = [{ name: 'shown', image: 'shown', env: shown.env }];
    return { apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers } };
  }
  return undefined;
}

test('the API server takes every manifest and part of one that a page shows, and the chart all else as values', async () => {
  let [manifests, values] = [0, 0];
  for (const [page, markdown] of readPages()) {
    for (const { text, line } of yamlOf(page, markdown)) {
      for (const document of parseAllDocuments(text)) {
        const where = `${page}:${line}`;
        assert.deepEqual(document.errors, [], where);
        const manifest = manifestOf(document.toJS());
        if (manifest) {
          const { code, stderr } = await tryKubectl(dryRun, JSON.stringify(manifest));
          assert.equal(code, 0, `${where}: ${stderr}`);
          manifests++;
        } else {
          await assert.doesNotReject(render(document.toJS()), where);
          values++;
        }
      }
    }
  }
  assert.ok(manifests > 4 && values > 0, `${manifests} manifests, ${values} values`);
});
