import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Member, ofMember } from '../../../../operator/reconcile/observe.ts';
import { memberMode, planStore } from '../../../../operator/reconcile/plan.ts';
import { observed, plan, pod, redis, running, store } from '../objects.ts';

const context = {
  masterKeys: () => ({ current: Buffer.alloc(32, 1) }),
  settings: { imagePullPolicy: undefined, systemNamespace: 'cubby-system' },
  caches: { secrets: { get: () => undefined } },
} as unknown as Parameters<typeof planStore>[0];

/** A store that is to be stopped, with so many shards or replicas. */
function stop(spec: Parameters<typeof store>[0], members: Member[]) {
  const [first] = members as [Member];
  const seen = observed({ store: store({ enabled: false, ...spec }), ...first, members });
  const accepted = { ...plan().accepted, ...(spec?.replicas && { replicated: true as const }) };
  return planStore(context, seen, { accepted, asked: undefined, catalogueVersion: '8.0' }, {
    passwordHash: undefined,
  } as never);
}

const member = (ordinal: number, info: Parameters<typeof redis>[0] = {}): Member => ({
  ordinal,
  pod: pod(running(), { name: `main-redis-${ordinal}` }),
  claim: undefined,
  redis: redis(info),
});
const full = { aof: { lastWriteOk: false } };

test('no shard is stopped while one of them has acknowledged what is not on its disk', () => {
  for (const members of [
    [member(0, full), member(1)],
    [member(0), member(1, full)],
  ]) {
    const planned = stop({ shards: 2 }, members);
    assert.equal(planned?.plan.replicas, 2);
    assert.deepEqual(
      planned?.beforeStop.map(({ decision }) => decision.action),
      ['refuse'],
    );
  }
  assert.equal(stop({ shards: 2 }, [member(0), member(1)])?.plan.replicas, 0);
});

test('what one shard is to save it saves itself', () => {
  const unsaved = { snapshot: { changes: 5 } };
  const rdb = { metadata: { name: 'data', annotations: { 'cubby.dev/data-mode': 'rdb' } }, spec: {} } as never;
  const members = [member(0, unsaved), { ...member(1, unsaved), claim: rdb }, member(2)];
  assert.deepEqual(
    stop({ shards: 3 }, members)?.beforeStop.map(({ member, decision }) => [member.ordinal, decision.action]),
    [[1, 'save']],
  );
});

test('of a replicated store the primary has all data, and no replica keeps it from being stopped', () => {
  const replica = { replication: { role: 'replica' as const, linked: true }, ...full };
  assert.equal(stop({ replicas: 3 }, [member(0), member(1, replica), member(2, replica)])?.plan.replicas, 0);
});

test('what the files of one shard are says nothing of those of another', () => {
  const rdb = { metadata: { name: 'data', annotations: { 'cubby.dev/data-mode': 'rdb' } }, spec: {} } as never;
  const [first, second] = [{ ...member(0), claim: rdb }, member(1)] as const;
  const seen = observed({ store: store({ shards: 2 }), ...first, members: [first, second] });
  const planned = planStore(
    context,
    seen,
    { accepted: plan().accepted, asked: undefined, catalogueVersion: '8.0' },
    {} as never,
  );
  assert.equal(planned?.plan.settings.mode, 'aof');
  const modes = [first, second].map((one) => planned && memberMode(planned.plan, ofMember(seen, one)));
  assert.deepEqual(modes, ['rdb', 'aof']);
});
