import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { VolumeClaim } from '../../../../operator/reconcile/kinds.ts';
import type { Observed } from '../../../../operator/reconcile/observe.ts';
import { isOutgrown, renewStatefulSet } from '../../../../operator/reconcile/renew-statefulset.ts';
import { restartHash } from '../../../../operator/resources/plan.ts';
import { observed, plan, pod, running, store, waiting } from '../objects.ts';

const { accepted } = plan();
const metadata = { uid: 'pod-uid', annotations: { 'cubby.dev/restart-hash': restartHash(accepted) } };

const claim = (asked: string, actual: string | null = asked) =>
  ({
    metadata: { name: 'data-main-redis-0' },
    spec: { resources: { requests: { storage: asked } } },
    status: { phase: 'Bound', ...(actual && { capacity: { storage: actual } }) },
  }) as unknown as VolumeClaim;

const statefulSet = (storage: string, deletionTimestamp?: string) =>
  ({
    metadata: { name: 'main-redis', uid: 'set-uid', resourceVersion: '7', deletionTimestamp },
    spec: { volumeClaimTemplates: [{ metadata: {}, spec: { resources: { requests: { storage } } } }] },
  }) as unknown as NonNullable<Observed['statefulSet']>;

const grown: Partial<Observed> = {
  claim: claim('2Gi'),
  statefulSet: statefulSet('1Gi'),
  pod: pod(running(), metadata),
};

const table: [string, boolean, Partial<Observed>][] = [
  ['the claim has grown', true, {}],
  ['the claim is as the template', false, { claim: claim('1Gi') }],
  ['the same size is written in another way', false, { claim: claim('1024Mi') }],
  ['the volume grows still', false, { claim: claim('2Gi', '1Gi') }],
  ['the claim has no volume yet', false, { claim: claim('2Gi', null) }],
  ['it is being deleted already', false, { statefulSet: statefulSet('1Gi', 'now') }],
  ['there is no pod to hold what was accepted', false, { pod: undefined }],
  ['the pod does not run', false, { pod: pod(waiting('ContainerCreating'), metadata) }],
  ['the pod ends', false, { pod: pod(running(), { ...metadata, deletionTimestamp: 'now' }) }],
  ['the pod is to be replaced', false, { pod: pod(running()) }],
  [
    'there is a way back to be remembered',
    false,
    { accepted: { ...accepted, previous: { image: 'a', scheduling: {} } } },
  ],
  ['what was rejected is to be remembered', false, { accepted: { ...accepted, rejected: 'digest' } }],
  ['the store is to hibernate', false, { store: store({ enabled: false }) }],
];

for (const [when, expected, changes] of table) {
  test(`a StatefulSet is ${expected ? 'made anew' : 'kept'} when ${when}`, () => {
    assert.equal(isOutgrown(observed({ ...grown, ...changes })), expected);
  });
}

test('a StatefulSet that has changed since it was seen is kept: what was accepted in between is on no pod', async () => {
  const deletes: unknown[] = [];
  const client = {
    patch: async () => {},
    delete: async (_kind: unknown, _key: unknown, options: unknown) => deletes.push(options),
  };
  const { signal } = new AbortController();
  await renewStatefulSet({ client: client as never }, observed(grown), signal);
  const preconditions = { uid: 'set-uid', resourceVersion: '7' };
  assert.deepEqual(deletes, [{ propagationPolicy: 'Orphan', preconditions, signal }]);
});

const adopted = (controller: string) =>
  pod(running(), {
    ...metadata,
    resourceVersion: '9',
    annotations: { ...metadata.annotations, 'cubby.dev/accepted': '{}' },
    ownerReferences: [
      { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'main-redis', uid: controller, controller: true },
      { apiVersion: 'cubby.dev/v1alpha1', kind: 'KVStore', name: 'main', uid: 'store-uid' },
    ],
  });

async function patchesOf(changes: Partial<Observed>): Promise<unknown[]> {
  const patches: unknown[] = [];
  const client = {
    patch: async (_kind: unknown, _key: unknown, body: unknown, { resourceVersion }: { resourceVersion?: string }) =>
      patches.push({ body, resourceVersion }),
  };
  const { signal } = new AbortController();
  const seen = observed({ ...grown, statefulSet: statefulSet('2Gi'), pod: adopted('set-uid'), ...changes });
  await renewStatefulSet({ client: client as never }, seen, signal);
  return patches;
}

test('what a pod was given for the time without a StatefulSet is taken from it when the new one has adopted it', async () => {
  const body = {
    metadata: {
      uid: 'pod-uid',
      annotations: { 'cubby.dev/accepted': null, 'cubby.dev/catalogue-version': null },
      ownerReferences: adopted('set-uid').metadata.ownerReferences?.slice(0, 1),
    },
  };
  assert.deepEqual(await patchesOf({}), [{ body, resourceVersion: '9' }]);
});

test('a pod keeps what it was given while its StatefulSet may be the one that goes', async () => {
  assert.deepEqual(await patchesOf({ pod: adopted('another') }), []);
  const hibernating = { store: store({ enabled: false }), statefulSet: statefulSet('1Gi') };
  assert.deepEqual(await patchesOf(hibernating), []);
});
