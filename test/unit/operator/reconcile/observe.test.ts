import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApiObject } from '../../../../kube/object.ts';
import type { Context } from '../../../../operator/reconcile/context.ts';
import { isTurnedAway } from '../../../../operator/reconcile/look.ts';
import { observe } from '../../../../operator/reconcile/observe.ts';
import { ACCEPTED_ANNOTATION } from '../../../../operator/resources/plan.ts';
import { plan, pod, running, store } from '../objects.ts';

const subject = store({ persistence: { mode: 'none', fsync: 'everysec', size: '1Gi' } });
const owner = { apiVersion: 'cubby.dev/v1alpha1', kind: 'KVStore', name: 'main', uid: 'store-uid' };
const controller = (uid: string) => ({
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  name: 'main-redis',
  uid,
  controller: true,
});
const annotations = { [ACCEPTED_ANNOTATION]: JSON.stringify(plan().accepted) };

const statefulSet = (uid: string, deletionTimestamp?: string) => ({
  metadata: {
    name: 'main-redis',
    namespace: 'shop',
    uid,
    annotations,
    deletionTimestamp,
    ownerReferences: [{ ...owner, controller: true }],
  },
  spec: {},
});

/** The pod that is seen beside that StatefulSet, with those owners. */
async function seePod(
  set: ReturnType<typeof statefulSet> | undefined,
  ownerReferences: ApiObject['metadata']['ownerReferences'],
) {
  const found = pod({ ...running(), podIP: '' }, { annotations, ownerReferences: ownerReferences as never });
  const caches = {
    stores: { by: () => [subject] },
    statefulSets: { get: () => set },
    pods: { get: ({ name }: { name: string }) => (name === 'main-redis-0' ? found : undefined) },
  };
  const context = { caches, settings: { systemNamespace: 'cubby-system' } } as unknown as Context;
  return observe(context, subject, AbortSignal.timeout(1000));
}

test("a pod is the store's from when its StatefulSet lets go of it until the next one has adopted it", async () => {
  const table: [string, ReturnType<typeof statefulSet> | undefined, ApiObject['metadata']['ownerReferences']][] = [
    ['the old one is being deleted', statefulSet('old', 'now'), [controller('old'), owner]],
    ['the garbage collector took its reference off', statefulSet('old', 'now'), [owner]],
    ['it is gone', undefined, [owner]],
    ['it is gone, and the pod is seen as it was before', undefined, [controller('old'), owner]],
    ['the next one is there', statefulSet('new'), [owner]],
    ['the next one is there, and the pod is seen as it was before', statefulSet('new'), [controller('old'), owner]],
    ['the next one has adopted it', statefulSet('new'), [owner, controller('new')]],
  ];
  for (const [when, set, owners] of table) {
    const seen = await seePod(set, owners);
    assert.equal(seen.pod?.metadata.uid, 'pod-uid', when);
    assert.deepEqual(seen.accepted, plan().accepted, when);
  }
});

test("a pod of another StatefulSet is not the store's", async () => {
  assert.equal((await seePod(statefulSet('new'), [controller('old')])).pod, undefined);
  assert.equal((await seePod(undefined, [])).pod, undefined);
});

test('a store has the members that spec asks for, and those that its StatefulSet still makes', async () => {
  const see = async (replicas: 1 | 3 | 5, made: number) => {
    const wanted = { ...subject, spec: { ...subject.spec, replicas } };
    const caches = {
      stores: { by: () => [wanted] },
      statefulSets: { get: () => ({ ...statefulSet('set'), spec: { replicas: made } }) },
      pods: {
        get: ({ name }: { name: string }) =>
          pod({ ...running(), podIP: '' }, { name, ownerReferences: [controller('set')] }),
      },
      find: () => undefined,
    };
    const context = { caches, settings: { systemNamespace: 'cubby-system' } } as unknown as Context;
    const { members } = await observe(context, wanted, AbortSignal.timeout(1000));
    return members.map((member) => [member.ordinal, member.pod?.metadata.name]);
  };
  const three = [
    [0, 'main-redis-0'],
    [1, 'main-redis-1'],
    [2, 'main-redis-2'],
  ];
  assert.deepEqual(await see(1, 1), three.slice(0, 1));
  assert.deepEqual(await see(3, 1), three);
  assert.deepEqual(await see(3, 0), three);
  assert.equal((await see(3, 5)).length, 5);
});

test('processor time that an older release did not note is that of the template that it made', async () => {
  const containers = [{ name: 'redis', image: 'redis', resources: { requests: { cpu: '20m' }, limits: { cpu: '1' } } }];
  const made = { ...statefulSet('set'), spec: { template: { spec: { containers } } } };
  const seen = await seePod(made, [owner, controller('set')]);
  assert.deepEqual(seen.accepted, { ...plan().accepted, cpu: { request: '20m', limit: '1' } });
});

test('a ready pod that refuses connections for longer than a start takes is out of reach, and not down', () => {
  const now = new Date('2026-01-01T01:00:00Z');
  const [long, short] = ['2026-01-01T00:59:29Z', '2026-01-01T00:59:31Z'];
  const told = (status: 'True' | 'False', reason: string, lastTransitionTime: string) =>
    store(
      {},
      { conditions: [{ type: 'Ready', status, reason, lastTransitionTime, message: '', observedGeneration: 1 }] },
    );
  const since = (startedAt: string) => {
    const { containerStatuses = [], ...rest } = running();
    return pod({
      ...rest,
      containerStatuses: containerStatuses.map((one) => ({ ...one, state: { running: { startedAt } } })),
    });
  };
  const away = (of: ReturnType<typeof store>, at = since(long)) => isTurnedAway(of, at, now);
  assert.ok(away(told('False', 'NotReady', long)));
  assert.ok(!away(told('False', 'NotReady', short)), 'Redis may have ended');
  assert.ok(!away(told('False', 'NotReady', long), since(short)), 'Redis may just start');
  assert.ok(!away(told('False', 'NotReady', long), pod({ ...since(long).status, conditions: [] })), 'it is not ready');
  assert.ok(away(told('True', 'PodReady', short)), 'it was so before');
  assert.ok(!away(told('True', 'Serving', long)), 'Redis may have ended');
});
