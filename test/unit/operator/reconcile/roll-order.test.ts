import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Member, Observed } from '../../../../operator/reconcile/observe.ts';
import { ofMember } from '../../../../operator/reconcile/observe.ts';
import type { RollDecision } from '../../../../operator/reconcile/roll.ts';
import { maintenanceOrder, orderRoll } from '../../../../operator/reconcile/roll-order.ts';
import { observed, plan, pod, redis, running, store, waiting } from '../objects.ts';

const replace: RollDecision = { action: 'replace', step: { reason: 'Restarting', message: 'restarting Redis' } };

function member(ordinal: number, changes: Partial<Member> = {}): Member {
  const role = ordinal === 1 ? 'primary' : 'replica';
  return {
    ordinal,
    pod: pod(running(), { name: `main-redis-${ordinal}` }),
    claim: undefined,
    redis: redis({ replication: { role, linked: role === 'replica', priority: 100 } }),
    ...changes,
  };
}

/** A replicated store of three whose primary is member 1; `changes` are of members, by ordinal. */
function three(changes: Record<number, Partial<Member>> = {}): Observed {
  const members = [0, 1, 2].map((ordinal) => member(ordinal, changes[ordinal]));
  const accepted = { ...plan().accepted, replicated: true as const };
  return { ...observed({ store: store({ replicas: 3 }), accepted }), ...(members[1] as Member), members };
}

const decide = (seen: Observed, ordinal: number, busy = false) =>
  orderRoll(ofMember(seen, seen.members[ordinal] as Member), replace, busy).action;

test('replicas are replaced first, and the primary only when another has taken its place', () => {
  assert.deepEqual(
    maintenanceOrder(three()).map(({ ordinal }) => ordinal),
    [2, 0, 1],
  );
  assert.equal(decide(three(), 2), 'replace');
  assert.equal(decide(three(), 0), 'replace');
  assert.equal(decide(three(), 1), 'failover');
});

test('no member is replaced while another is not in step, or has just been replaced', () => {
  assert.equal(decide(three(), 2, true), 'wait');
  const behind: [string, Partial<Member>][] = [
    ['its pod is not there', { pod: undefined, redis: undefined }],
    ['its pod is not ready', { pod: pod(waiting('ContainerCreating')) }],
    ['its pod ends', { pod: pod(running(), { deletionTimestamp: 'now' }) }],
    ['it does not answer', { redis: { failure: 'timeout', down: false } }],
    ['it reads its data', { redis: redis({ loading: true }) }],
    ['it copies the data', { redis: redis({ replication: { role: 'replica', linked: false, syncing: true } }) }],
  ];
  for (const [why, changes] of behind) {
    assert.equal(decide(three({ 0: changes }), 2), 'wait', why);
    assert.equal(decide(three({ 0: changes }), 1), 'wait', why);
  }
});

test('a member whose role is not known is not replaced while it runs, and one that does not run is at once', () => {
  assert.equal(decide(three({ 2: { redis: { failure: 'timeout', down: false } } }), 2), 'wait');
  assert.equal(decide(three({ 2: { pod: pod(waiting('CrashLoopBackOff')), redis: undefined } }), 2), 'replace');
});

test('the one Redis of a store waits for nobody', () => {
  assert.equal(orderRoll(observed(), replace, false).action, 'replace');
});
