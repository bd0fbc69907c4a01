import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../../../../kube/object.ts';
import { reportMembers } from '../../../../operator/reconcile/member-report.ts';
import { judgeMembers } from '../../../../operator/reconcile/member-trouble.ts';
import { memberAddresses, standIn } from '../../../../operator/reconcile/members.ts';
import type { Member } from '../../../../operator/reconcile/observe.ts';
import { planReplication } from '../../../../operator/reconcile/replication.ts';
import { observed, plan, pod, redis, running, store } from '../objects.ts';

const NOW = new Date('2026-01-01T01:00:00Z');
const replica = (changes = {}) => redis({ replication: { role: 'replica', linked: true, ...changes } });

const member = (ordinal: number, seen: Member['redis'], labels?: Record<string, string>): Member => ({
  ordinal,
  pod: pod(running(), { name: `main-redis-${ordinal}`, ...(labels && { labels }) }),
  claim: undefined,
  redis: seen,
});

test('of two that say they are the primary the one that is followed stands for the store', () => {
  const old = member(0, redis(), { 'cubby.dev/role': 'primary' });
  const next = member(1, redis({ replication: { replicas: 1 } }));
  assert.equal(standIn([old, next, member(2, replica())]).ordinal, 1);
});

test('of two that say they are the primary the one that most Sentinels name stands for the store, whoever follows', () => {
  const naming = (seen: Member, address: string): Member => ({
    ...seen,
    address: `10.0.0.${seen.ordinal}`,
    sentinel: { look: { primary: address, users: undefined as never }, session: undefined as never },
  });
  const members = [member(0, redis({ replication: { replicas: 1 } })), member(1, redis()), member(2, replica())];
  const [old, ...others] = members as [Member, ...Member[]];
  const agreed = [naming(old, '10.0.0.0'), ...others.map((other) => naming(other, '10.0.0.1'))];
  assert.equal(standIn(agreed).ordinal, 1);
  const split = agreed.map((each) => (each.ordinal === 2 ? { ...each, sentinel: { failure: 'refused' } } : each));
  assert.equal(standIn(split).ordinal, 0);
});

test('while there is no primary the last one stands for the store', () => {
  const down = { failure: 'refused', down: true };
  const members = [member(0, down), member(1, down, { 'cubby.dev/role': 'primary' }), member(2, replica())];
  assert.equal(standIn(members).ordinal, 1);
});

test('a member keeps its address when its Service is deleted, and has none that a foreign object names', () => {
  const owned = (kind: string, name: string, uid: string, rest: object): KubeObject => ({
    apiVersion: 'v1',
    kind,
    metadata: {
      name,
      namespace: 'shop',
      ownerReferences: [{ apiVersion: 'cubby.dev/v1alpha1', kind: 'KVStore', name: 'main', uid, controller: true }],
    },
    ...rest,
  });
  const objects = [
    owned('Service', 'main-redis-0', 'store-uid', { spec: { clusterIP: '10.0.0.10' } }),
    owned('Service', 'main-redis-2', 'other-uid', { spec: { clusterIP: '10.0.0.66' } }),
    owned('ConfigMap', 'main-redis', 'store-uid', { data: { members: '0 10.0.0.9 a\n1 10.0.0.11 b\n' } }),
  ];
  const find = ({ kind, metadata }: KubeObject) =>
    objects.find((object) => object.kind === kind && object.metadata.name === metadata.name);
  assert.deepEqual(memberAddresses({ find }, store(), [0, 1, 2]), ['10.0.0.10', '10.0.0.11', undefined]);
});

test('members wait until each has an address, and none replaces the first while that knows no Sentinels', () => {
  const passwords = (user: string) => [`${user}-password`];
  const accepted = { replicated: true as const };
  const members = [0, 1, 2].map((ordinal) => ({ ...member(ordinal, replica()), address: `10.0.0.${ordinal}` }));
  const [first, ...others] = members as [Member, ...Member[]];
  const planOf = (all: Member[]) => planReplication({ store: store(), members: all }, accepted, passwords);
  assert.deepEqual(planReplication({ store: store(), members }, {}, passwords), {});
  assert.equal(planOf([{ ...first, address: undefined }, ...others]).replication, undefined);
  assert.equal(planOf([{ ...first, redis: redis() }, ...others]).replication?.holds, true);
  assert.equal(planOf(members).replication?.holds, false, 'another has taken its place');
  const sentinel = { name: 'sentinel', image: 'redis' };
  const renewed = pod(running());
  renewed.spec.containers.push(sentinel);
  assert.equal(planOf([{ ...first, pod: renewed, redis: redis() }, ...others]).replication?.holds, false);
});

test('members may start without data before all are there only while none can have any', () => {
  const members = [0, 1, 2].map((ordinal) => ({ ...member(ordinal, undefined), pod: undefined, address: '10.0.0.1' }));
  const isNew = (of: ReturnType<typeof store>, all: Member[] = members) =>
    planReplication({ store: of, members: all }, { replicated: true }, () => ['']).replication?.isNew;
  const claimed = (at: string) =>
    members.map((each, ordinal) => (ordinal === 2 ? { ...each, claim: claim(at) } : each));
  const claim = (creationTimestamp: string) => ({ metadata: { name: 'data', creationTimestamp }, spec: {} }) as never;
  const made = store().metadata.creationTimestamp;
  assert.equal(isNew(store()), true);
  assert.equal(isNew(store(), claimed(made)), true);
  assert.equal(isNew(store(), claimed('2020-01-01T00:00:00Z')), false, 'a volume of an earlier store');
  assert.equal(isNew(store({}, { topology: { mode: 'Replicated', members: 3 } })), false, 'it has served');
  const alone = [{ ...member(0, redis()), address: '10.0.0.1' }, ...members.slice(1)];
  assert.equal(isNew(store(), alone), false, 'it was one Redis');
});

test('a replica that has not followed for a minute is told, and one that copies the data is on its way', () => {
  const judge = (last: Member['redis']) => {
    const members = [member(0, redis()), member(1, replica()), member(2, last)];
    const accepted = { ...plan().accepted, replicated: true as const };
    const { troubles, steps } = judgeMembers(observed({ store: store({ replicas: 3 }), accepted, members }), NOW);
    return [...troubles, ...steps].map(({ reason }) => reason);
  };
  assert.deepEqual(judge(replica()), []);
  assert.deepEqual(judge(replica({ linked: false, downSeconds: 10 })), ['Starting']);
  assert.deepEqual(judge(replica({ linked: false, downSeconds: 100 })), ['ReplicaDown']);
  assert.deepEqual(judge(replica({ linked: false, syncing: true, downSeconds: 100 })), ['Syncing']);
});

test('that there is no primary is told as trouble when nobody was made one for a minute', () => {
  const judge = (now: Date, priority: number) => {
    const gone = { failure: 'refused', down: true };
    const members = [member(0, gone), member(1, replica({ linked: false, priority })), member(2, gone)];
    const accepted = { ...plan().accepted, replicated: true as const };
    const { troubles, steps } = judgeMembers(observed({ store: store({ replicas: 3 }), accepted, members }), now);
    return [...troubles, ...steps].map(({ reason }) => reason);
  };
  const atOnce = new Date('2026-01-01T00:00:05Z');
  assert.deepEqual(judge(atOnce, 100), ['FailingOver']);
  assert.deepEqual(judge(atOnce, 0), []);
  assert.deepEqual(judge(NOW, 0), ['NoPrimary']);
});

test('that there is no primary is told also where most of the pods are not there, as after the loss of nodes', () => {
  const judge = (now: Date, last: Member) => {
    const absent = [0, 1].map((ordinal) => ({ ...member(ordinal, undefined), pod: undefined }));
    const accepted = { ...plan().accepted, replicated: true as const };
    const seen = observed({ store: store({ replicas: 3 }), accepted, members: [...absent, last] });
    return judgeMembers(seen, now).troubles.map(({ reason }) => reason);
  };
  const last = member(2, replica({ linked: false, priority: 100 }));
  assert.deepEqual(judge(NOW, last), ['NoPrimary']);
  assert.deepEqual(judge(new Date('2026-01-01T00:00:05Z'), last), []);
  assert.deepEqual(judge(NOW, { ...last, pod: undefined, redis: undefined }), [], 'it wakes');
});

test('members that are added count when all of them answer, and members that are down still do', () => {
  const accepted = { ...plan().accepted, replicated: true as const };
  const count = (before: number | undefined, seen: Member['redis'][]) => {
    const status = before === undefined ? {} : { topology: { mode: 'Replicated' as const, members: before } };
    const members = seen.map((each, ordinal) => member(ordinal, each));
    return reportMembers({ store: store({}, status), accepted, members }, 'Replicated', undefined).topology?.members;
  };
  const [first, gone] = [[redis(), replica(), replica()], { failure: 'refused', down: true }];
  assert.equal(count(undefined, [redis(), gone, gone]), 3);
  assert.equal(count(3, [redis(), gone, gone]), 3);
  assert.equal(count(3, [...first, undefined, undefined]), 3);
  assert.equal(count(3, [...first, replica({ linked: false }), undefined]), 3);
  assert.equal(count(3, [...first, replica({ linked: false }), replica()]), 5);
});
