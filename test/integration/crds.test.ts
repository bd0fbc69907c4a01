import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { API_VERSION } from '../../contract/objects.ts';
import { KubeError } from '../../kube/errors.ts';
import type { KubeObject } from '../../kube/object.ts';
import { createNamespace, kvStores, kvTokens, startCluster } from './operator/world.ts';

type Spec = Record<string, unknown>;

/** One CEL rule, told by the start of its message: what it accepts and what it refuses. An `update` goes from `from`. */
interface Case {
  rule: string;
  from?: Spec;
  accepts: Spec;
  refuses: Spec;
  names?: { accepted: string; refused: string };
}

const store = { version: '8.0' };
const big = { ...store, persistence: { size: '2Gi' } };

const storeCases: Case[] = [
  {
    rule: 'metadata.name must have at most 40',
    accepts: store,
    refuses: store,
    names: { accepted: 'a'.repeat(40), refused: 'a'.repeat(41) },
  },
  {
    rule: 'metadata.name must start with a letter',
    accepts: store,
    refuses: store,
    names: { accepted: 'a-1', refused: '1a' },
  },
  { rule: 'set spec.version', accepts: { image: 'redis:8' }, refuses: { memory: '64Mi' } },
  {
    rule: 'projectId cannot change',
    from: { ...store, projectId: 'a' },
    accepts: { ...store, projectId: 'a', memory: '64Mi' },
    refuses: { ...store, projectId: 'b' },
  },
  {
    rule: 'limits.burst needs a rate',
    accepts: { ...store, plan: 'free', limits: { burst: 5 } },
    refuses: { ...store, limits: { burst: 5 } },
  },
  {
    rule: 'plan must have only a-z, 0-9',
    accepts: { ...store, plan: 'free-2' },
    refuses: { ...store, plan: 'Free' },
  },
  {
    rule: 'limits.tokensPerMonth must be a decimal number',
    accepts: { ...store, limits: { tokensPerMonth: '999999999.000000001' } },
    refuses: { ...store, limits: { tokensPerMonth: '0.000000000' } },
  },
  { rule: 'version must be a Redis version', accepts: { version: '8.0.2' }, refuses: { version: 'latest' } },
  {
    rule: 'image must be an image reference',
    accepts: { image: `registry.example:5000/a/redis:8.0@sha256:${'a'.repeat(64)}` },
    refuses: { image: 'Redis 8' },
  },
  {
    rule: 'memory must be a quantity of at least 16Mi',
    accepts: { ...store, memory: 16777216 },
    refuses: { ...store, memory: '16M' },
  },
  {
    rule: 'memory must be at most 16Ti',
    accepts: { ...store, memory: '16Ti' },
    refuses: { ...store, memory: '999999999Pi' },
  },
  {
    rule: 'spec.persistence.size cannot shrink',
    from: big,
    accepts: { ...store, persistence: { size: '3Gi' } },
    refuses: { ...store, persistence: { size: '1Gi' } },
  },
  {
    rule: 'persistence.storageClassName cannot change',
    from: store,
    accepts: { ...store, memory: '64Mi' },
    refuses: { ...store, persistence: { storageClassName: 'fast' } },
  },
  {
    rule: 'persistence.mode cannot change to or from none',
    from: store,
    accepts: { ...store, persistence: { mode: 'rdb' } },
    refuses: { ...store, persistence: { mode: 'none' } },
  },
  {
    rule: 'persistence.size must be a quantity of at least 64Mi',
    accepts: { ...store, persistence: { size: '64Mi' } },
    refuses: { ...store, persistence: { size: '1Mi' } },
  },
  {
    rule: 'resources.cpu.request must be a positive',
    accepts: { ...store, resources: { cpu: { request: '100m' } } },
    refuses: { ...store, resources: { cpu: { request: '0' } } },
  },
  {
    rule: 'resources.cpu.limit must be a positive',
    accepts: { ...store, resources: { cpu: { limit: '1' } } },
    refuses: { ...store, resources: { cpu: { limit: '-1' } } },
  },
];

const token = { type: 'Project', storeRef: { name: 'main' } };
const key = { type: 'ApiKey' };
const issued = { sha256: 'a'.repeat(64), lastFour: 'abcd' };

const tokenCases: Case[] = [
  {
    rule: 'metadata.name must have at most 63',
    accepts: token,
    refuses: token,
    names: { accepted: 'a'.repeat(63), refused: 'a'.repeat(64) },
  },
  {
    rule: 'type cannot change',
    from: token,
    accepts: { ...token, scopes: ['kv:read'] },
    refuses: { ...token, type: 'Deployment' },
  },
  {
    rule: 'a Project or Deployment token needs storeRef.name',
    accepts: key,
    refuses: { ...key, storeRef: { name: 'main' } },
  },
  {
    rule: 'storeRef cannot change',
    from: token,
    accepts: { ...token, scopes: ['kv:read'] },
    refuses: { ...token, storeRef: { name: 'other' } },
  },
  {
    rule: 'secretName cannot change',
    from: token,
    accepts: { ...token, scopes: ['kv:read'] },
    refuses: { ...token, secretName: 'other' },
  },
  {
    rule: 'role is for tokens of type ApiKey',
    accepts: { ...key, role: 'SystemRead' },
    refuses: { ...token, role: 'SystemRead' },
  },
  {
    rule: 'issued is for tokens of type Project and Deployment',
    accepts: { ...token, issued },
    refuses: { ...key, issued },
  },
  {
    rule: 'a token with issued has no Secret',
    accepts: { ...token, issued },
    refuses: { ...token, issued, secretName: 'web' },
  },
  {
    rule: 'a token with issued cannot be rotated',
    accepts: { ...token, issued },
    refuses: { ...token, issued, rotation: { every: '720h' } },
  },
  {
    rule: 'issued cannot change',
    from: { ...token, issued },
    accepts: { ...token, issued, scopes: ['kv:read'] },
    refuses: { ...token, issued: { ...issued, lastFour: 'wxyz' } },
  },
  {
    rule: 'rotation.every must be longer than rotation.overlap',
    accepts: { ...token, rotation: { every: '24h1s' } },
    refuses: { ...token, rotation: { every: '24h' } },
  },
  {
    rule: 'rotation.every must be at least 1m',
    accepts: { ...token, rotation: { every: '1m', overlap: '0s' } },
    refuses: { ...token, rotation: { every: '59s', overlap: '0s' } },
  },
  {
    rule: 'rotation.overlap must be at most 87600h',
    accepts: { ...token, rotation: { overlap: '87600h' } },
    refuses: { ...token, rotation: { overlap: '87600h1s' } },
  },
];

const { client: admin } = await startCluster();
const namespace = await createNamespace(admin, 'rules');

test('a duration that no time could be reckoned with is refused', async () => {
  const spec = { ...token, rotation: { overlap: '999999999999999h' } };
  const object = { apiVersion: API_VERSION, kind: 'KVToken', metadata: { namespace, name: 'endless' }, spec };
  await assert.rejects(admin.create(kvTokens, object as KubeObject), { status: 422 });
});

const message = (error: unknown) =>
  error instanceof KubeError && error.status === 422 ? error.message : `not refused: ${error}`;

for (const [kind, resource, cases] of [
  ['KVStore', kvStores, storeCases],
  ['KVToken', kvTokens, tokenCases],
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
    const rules: string[] = [];
    JSON.stringify(parse(text), (field, value) => {
      if (field === 'x-kubernetes-validations') for (const { message } of value) rules.push(message);
      return value;
    });
    assert.equal(rules.length, cases.length);
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
