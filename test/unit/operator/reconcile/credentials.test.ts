import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aclPasswordHash } from '../../../../contract/credentials.ts';
import type { KVStore } from '../../../../contract/objects.ts';
import { publishedPassword } from '../../../../operator/reconcile/access.ts';
import { acceptsPlanned, beginRotation, nextGeneration } from '../../../../operator/reconcile/credentials.ts';
import type { Observed } from '../../../../operator/reconcile/observe.ts';
import { credentialStatus } from '../../../../operator/status/credentials.ts';
import { observed, plan, store } from '../objects.ts';

const now = new Date('2026-01-01T00:00:00Z');
const asked = '2025-12-31T23:59:59Z';

function rotating(status: KVStore['status'], request: string | undefined = asked): KVStore {
  const object = store();
  const annotations = request === undefined ? {} : { 'cubby.dev/rotate': request };
  return { ...object, metadata: { ...object.metadata, annotations }, ...(status && { status }) };
}

test('a request raises the generation by one, and the one before is accepted for the overlap', () => {
  const next = nextGeneration(rotating({ observedGeneration: 1, credentialGeneration: 4 }), 60_000, now);
  assert.equal(next?.credentialGeneration, 5);
  assert.deepEqual(next?.credentials, {
    rotatedFor: asked,
    previousGeneration: 4,
    previousUntil: '2026-01-01T00:01:00Z',
  });
});

test('nothing is rotated for a request that was obeyed, is no time, comes with a new store, or comes during a rotation', () => {
  const next = (status: KVStore['status'], request?: string) => nextGeneration(rotating(status, request), 60_000, now);
  assert.equal(next({ observedGeneration: 1, credentials: { rotatedFor: asked } }), undefined);
  assert.equal(next({ observedGeneration: 1 }, 'now'), undefined);
  assert.equal(next(undefined), undefined);
  assert.equal(next({ observedGeneration: 1, credentials: { previousGeneration: 1 } }), undefined);
});

test('nothing is rotated where the API server keeps no account of it, as under the definition of an older release', async () => {
  const patched: object[] = [];
  const context = {
    client: { patch: async (_: unknown, __: unknown, body: object) => void patched.push(body) },
    events: { record: () => {} },
    settings: { credentialOverlapSeconds: 60 },
    now: () => now,
  } as unknown as Parameters<typeof beginRotation>[0];
  const begin = (status: KVStore['status']) =>
    beginRotation(context, rotating(status), AbortSignal.timeout(1000)).then(
      ({ status }) => status?.credentialGeneration,
    );
  assert.equal(await begin({ observedGeneration: 1, credentialGeneration: 4 }), 4);
  assert.deepEqual(patched, []);
  assert.equal(await begin({ observedGeneration: 1, credentialGeneration: 4, credentials: { masterKey: 'a' } }), 5);
  assert.equal(patched.length, 1);
});

test('the previous generation ends when its time is over and the store is known to accept the present one', () => {
  const credentials = { previousGeneration: 1, previousUntil: '2026-01-01T00:00:00Z', masterKey: 'a' };
  const before = { observedGeneration: 1, credentials };
  assert.deepEqual(credentialStatus(before, { masterKey: 'b' }, now), { masterKey: 'b' });
  assert.deepEqual(credentialStatus(before, {}, now), before.credentials);
  const early = new Date(now.getTime() - 1);
  assert.equal(credentialStatus(before, { masterKey: 'b' }, early)?.previousGeneration, 1);
  assert.deepEqual(credentialStatus(undefined, { request: asked }, now), { rotatedFor: asked });
  assert.equal(credentialStatus({ observedGeneration: 1 }, { request: asked }, now), undefined);
});

test('programs read the newest password that Redis takes, and else the one that they have', () => {
  const published = (passwords: string[], accepted: string[] | undefined, secret: string | undefined) => {
    const users = {
      revision: '',
      passwords: new Map(accepted && [['native', accepted.map((one) => `#${aclPasswordHash(one)}`)]]),
    };
    const redis = (accepted ? { look: { users } } : undefined) as Observed['redis'];
    const data = secret === undefined ? undefined : { data: { password: Buffer.from(secret).toString('base64') } };
    const secrets = { get: () => data } as unknown as Parameters<typeof publishedPassword>[0];
    return publishedPassword(secrets, { store: store(), redis }, passwords);
  };
  assert.equal(published(['new', 'old'], ['old'], 'old'), 'old', 'not yet');
  assert.equal(published(['new', 'old'], ['new', 'old'], 'old'), 'new');
  assert.equal(published(['new', 'old'], undefined, 'old'), 'old', 'Redis cannot be asked');
  assert.equal(published(['new'], undefined, 'old'), 'new', 'the old one is over');
  assert.equal(published(['new'], ['foreign'], undefined), 'new');
});

test('a Redis that the kubelet reaches runs, whoever refuses the operator, and may not have the new passwords', () => {
  const accepts = (ready: string, down: boolean) => {
    const pod = { status: { conditions: [{ type: 'Ready', status: ready }] } } as Observed['pod'];
    const planned = { plan: plan() } as Parameters<typeof acceptsPlanned>[0];
    return acceptsPlanned(
      planned,
      { usersWritten: true },
      observed({ pod, redis: { failure: 'connect ECONNREFUSED', down } }),
    );
  };
  assert.equal(accepts('False', true), true, 'what starts next reads the file');
  assert.equal(accepts('True', true), false, 'as behind a NetworkPolicy that rejects');
  assert.equal(accepts('False', false), false);
});
