import assert from 'node:assert/strict';
import { suite, type TestContext, test } from 'node:test';
import type { KubeObject } from '../../kube/object.ts';
import { storageClasses } from '../../kube/resources.ts';
import { apply, eventually, kubectl } from './cluster.ts';
import { ask, cluster, kvStores, kvTokens, lookAtToken, openEyes } from './field-walk/look.ts';
import type { Row } from './field-walk/row.ts';
import { storeRows } from './field-walk/store-rows.ts';
import type { StoreSeen } from './field-walk/store-seen.ts';
import { issued, type TokenRow, type TokenSeen, tokenRows } from './field-walk/token-rows.ts';
import { type Walked, type Walker, walkRow } from './field-walk/walk.ts';
import { createTenant, token, tokenOf } from './tenant.ts';

const classes = (await cluster.client.list<KubeObject>(storageClasses)).items as (KubeObject & {
  allowVolumeExpansion?: boolean;
})[];
const rigid = classes.find(({ allowVolumeExpansion }) => allowVolumeExpansion !== true)?.metadata.name;
assert.ok(rigid, 'the cluster has a storage class that does not let volumes grow');

/** Watches over a store: that it serves, and that the same Redis runs wherever nothing may restart it. */
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
        run = info.run_id;
        return;
      }
      assert.equal(answer.status, 200, `${what}: the store serves: ${answer.text} ${JSON.stringify(store.status)}`);
      assert.equal(container.restarts, 0, `${what}: the container was not restarted`);
      run ??= info.run_id;
      assert.equal(info.run_id, run, `${what}: the same Redis runs`);
    },
  };
}

/** A pattern for the fields to walk, for whoever works on one of them. */
const only = new RegExp(process.env.FIELD_WALK ?? '');

suite('every field of a KVStore: set, changed, removed, made invalid and mended', { concurrency: 6 }, () => {
  for (const [i, row] of storeRows(rigid).entries()) {
    if (!only.test(row.fields[0])) continue;
    test(`${row.fields[0]} (${row.effect})`, (t) => walkStore(t, row, `e2e-walk-${i}`));
  }
});

async function walkStore(t: TestContext, row: Row<StoreSeen>, namespace: string) {
  await createTenant(t, namespace, row.base);
  const token = await tokenOf(namespace, 'web');
  assert.equal((await ask(token, 'PUT')).status, 200);
  const eyes = openEyes(namespace, token);
  t.after(eyes.close);
  await walkRow(storeWalker(namespace, eyes.look), row);
}

const TOKENS = 'e2e-walk-tokens';
const SYSTEM = 'cubby-system';

function tokenWalker(namespace: string, name: string, look: () => Promise<TokenSeen>): Walker<TokenSeen> {
  return {
    resource: kvTokens,
    namespace,
    name,
    look,
    object: ({ token }) => token as unknown as Walked,
    busy: ({ metadata, status }) => status?.observedGeneration !== metadata.generation,
    refusals({ status }) {
      const found = status?.conditions?.find(({ type }) => type === 'Ready');
      return found?.status === 'False' ? found : undefined;
    },
    serves: ({ me }) => me.status === 200,
    unharmed: () => {},
  };
}

test('every field of a KVToken: set, changed, removed, made invalid and mended', async (t) => {
  await createTenant(t, TOKENS);
  const walks = tokenRows.map((row, i) => walkToken(t, row, `e2e-walk-${i}`));
  await Promise.all(walks);
});

async function walkToken(t: TestContext, row: TokenRow, name: string): Promise<void> {
  const namespace = row.system ? SYSTEM : TOKENS;
  if (row.system) t.after(() => kubectl('delete', 'kvtoken', name, '-n', namespace, '--ignore-not-found'));
  await apply(token(namespace, { secretName: undefined, ...row.base }, name));
  const look = () => lookAtToken(namespace, name, row.base?.issued ? issued : undefined);
  await eventually(`${name} to be accepted`, 60, async () => (await look()).me.status === 200 || undefined);
  await walkRow(tokenWalker(namespace, name, look), row);
}
