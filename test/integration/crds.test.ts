import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { API_VERSION } from '../../contract/objects.ts';
import { KubeError } from '../../kube/errors.ts';
import type { KubeObject } from '../../kube/object.ts';
import { backupRules, type Spec, scheduleRules } from './crd-backup-rules.ts';
import { storeRules, tokenRules } from './crd-rules.ts';
import { createNamespace, kvBackupSchedules, kvBackups, kvStores, kvTokens, startCluster } from './operator/world.ts';

const { client: admin } = await startCluster();
const namespace = await createNamespace(admin, 'rules');

test('a duration that no time could be reckoned with is refused', async () => {
  const spec = { type: 'Project', storeRef: { name: 'main' }, rotation: { overlap: '999999999999999h' } };
  const object = { apiVersion: API_VERSION, kind: 'KVToken', metadata: { namespace, name: 'endless' }, spec };
  await assert.rejects(admin.create(kvTokens, object as KubeObject), { status: 422 });
});

const store = { version: '8.0' };

const message = (error: unknown) =>
  error instanceof KubeError && error.status === 422 ? error.message : `not refused: ${error}`;

for (const [kind, resource, cases] of [
  ['KVStore', kvStores, storeRules],
  ['KVToken', kvTokens, tokenRules],
  ['KVBackup', kvBackups, backupRules],
  ['KVBackupSchedule', kvBackupSchedules, scheduleRules],
] as const) {
  const create = (name: string, spec: Spec) =>
    admin.create(resource, { apiVersion: API_VERSION, kind, metadata: { namespace, name }, spec } as KubeObject);
  const update = (name: string, spec: Spec) => admin.patch(resource, { namespace, name }, { spec }, { type: 'merge' });

  for (const [i, { rule, from, accepts, refuses, names }] of cases.entries()) {
    test(`${kind}: "${rule}…" is asked for and no more`, async () => {
      const accepted = names?.accepted ?? `accepted-${i}`;
      const refused = names?.refused ?? `refused-${i}`;
      if (from) await Promise.all([create(accepted, from), create(refused, from)]);
      const write = from ? update : create;
      await write(accepted, accepts);
      const error = await write(refused, refuses).then(() => undefined, message);
      assert.ok(error?.includes(rule), `${error}`);
    });
  }

  test(`${kind}: every rule of the CRD is in the list above`, () => {
    const text = readFileSync(join(import.meta.dirname, `../../crds/${kind.toLowerCase()}s.cubby.dev.yaml`), 'utf8');
    const rules = new Set<string>(); // a target stands in several places
    JSON.stringify(parse(text), (field, value) => {
      if (field === 'x-kubernetes-validations') for (const { message } of value) rules.add(message);
      return value;
    });
    assert.equal(rules.size, cases.length);
    for (const text of rules)
      assert.ok(
        cases.some(({ rule }) => text.startsWith(rule)),
        text,
      );
  });
}

test('defaults are filled in by the API server', async () => {
  const { spec } = await admin.create<KubeObject>(kvStores, {
    apiVersion: API_VERSION,
    kind: 'KVStore',
    metadata: { namespace, name: 'defaults' },
    spec: store,
  });
  assert.deepEqual(spec, {
    version: '8.0',
    memory: '256Mi',
    evictionPolicy: 'noeviction',
    enabled: true,
    deletionPolicy: 'Retain',
    reads: 'primary',
    replicas: 1,
    persistence: { mode: 'aof', fsync: 'everysec', size: '1Gi' },
  });
});

test('a budget is refused that is no decimal number of at most 9 decimals, and a limit below 1', async () => {
  const budgets = ['1e3', '.5', '1.', '00', '01', '-1', '1000000000', '0.0000000001', ' 1', '1,5', ''];
  const limits = [...budgets.map((tokensPerMonth) => ({ tokensPerMonth })), { requestsPerSecond: 0 }, {}];
  for (const [i, refused] of limits.entries()) {
    const create = admin.create(kvStores, {
      apiVersion: API_VERSION,
      kind: 'KVStore',
      metadata: { namespace, name: `limits-${i}` },
      spec: { ...store, limits: refused },
    } as KubeObject);
    await assert.rejects(create, /spec.limits/, JSON.stringify(refused));
  }
});
