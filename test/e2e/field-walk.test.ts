import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { KubeObject } from '../../kube/object.ts';
import { storageClasses } from '../../kube/resources.ts';
import { ask, cluster, kvStores, openEyes } from './field-walk/look.ts';
import type { Row } from './field-walk/row.ts';
import { type StoreSeen, storeRows } from './field-walk/store-rows.ts';
import { type Walked, type Walker, walkRow } from './field-walk/walk.ts';
import { createTenant, tokenOf } from './tenant.ts';

const classes = (await cluster.client.list<KubeObject>(storageClasses)).items as (KubeObject & {
  allowVolumeExpansion?: boolean;
})[];
const rigid = classes.find(({ allowVolumeExpansion }) => allowVolumeExpansion !== true)?.metadata.name;
assert.ok(rigid, 'the cluster has a storage class that does not let volumes grow');

/** The state of a store that is to be the same after every step: who runs, and how often it was restarted. */
function storeWalker(namespace: string, look: () => Promise<StoreSeen>): Walker<StoreSeen> {
  let run: string | undefined;
  return {
    resource: kvStores,
    namespace,
    name: 'main',
    look,
    object: ({ store }) => store as unknown as Walked,
    busy({ metadata, status }) {
      const progressing = status?.conditions?.find(({ type }) => type === 'Progressing');
      return status?.observedGeneration !== metadata.generation || progressing?.status !== 'False';
    },
    refusals({ status }) {
      const found = status?.conditions?.find(({ type }) => type === 'SpecAccepted');
      return found?.status === 'False' ? found : undefined;
    },
    serves: ({ answer }) => answer.status === 200,
    unharmed({ container, info, answer, store }, what, mayRestart) {
      if (mayRestart) {
        run = undefined;
        return;
      }
      assert.equal(answer.status, 200, `${what}: the store serves: ${answer.text} ${JSON.stringify(store.status)}`);
      assert.equal(container.restarts, 0, `${what}: the container was not restarted`);
      run ??= info.run_id;
      assert.equal(info.run_id, run, `${what}: the same Redis runs`);
    },
  };
}

const only = process.env.FIELD_WALK;

suite('every field of a KVStore: set, changed, removed, made invalid and mended', { concurrency: 6 }, () => {
  for (const [i, row] of storeRows(rigid).entries()) {
    if (only && !new RegExp(only).test(row.fields[0])) continue;
    test(`${row.fields[0]} (${row.effect})`, (t) => walkStore(t, row, `e2e-walk-${i}`));
  }
});

async function walkStore(t: Parameters<typeof createTenant>[0], row: Row<StoreSeen>, namespace: string) {
  await createTenant(t, namespace, row.base);
  const token = await tokenOf(namespace, 'web');
  assert.equal((await ask(token, 'PUT')).status, 200);
  const eyes = openEyes(namespace, token);
  t.after(eyes.close);
  await walkRow(storeWalker(namespace, eyes.look), row);
}
