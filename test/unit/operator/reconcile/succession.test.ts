import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeMembers } from '../../../../operator/reconcile/member-trouble.ts';
import type { Member } from '../../../../operator/reconcile/observe.ts';
import { findSuccession, maintainSuccession } from '../../../../operator/reconcile/succession.ts';
import type { RedisSession } from '../../../../operator/redis/session.ts';
import { observed, plan, pod, redis, running, store } from '../objects.ts';

const NOW = new Date('2026-01-01T01:00:00Z');
const [X, Y] = ['a'.repeat(40), 'b'.repeat(40)];
const noted = (history: string, offset: number) => `${history}:${String(offset).padStart(20, '0')}:1767225600000000`;

type Changes = Parameters<typeof redis>[0] & { ident?: string };
/** A replica that was restarted while the primary was away, and what it says. */
const replica = (ident: string | undefined, { replication, ...rest }: Changes = {}) =>
  redis(
    { replication: { role: 'replica', linked: false, priority: 0, offset: 1, ...replication }, ...rest },
    ident === undefined ? {} : { 'syslog-ident': ident },
  );

/** A snapshot in which the first member was the primary and is gone, with what the others are. */
function seen(others: (Member['redis'] | undefined)[], changes: Partial<Member> = {}, annotation?: string) {
  const members = [undefined, ...others].map(
    (each, ordinal): Member => ({
      ordinal,
      pod: pod(running(), { name: `main-redis-${ordinal}` }),
      claim: undefined,
      redis: ordinal === 0 ? { failure: 'connect ECONNREFUSED', down: true } : each,
      address: `10.0.0.${ordinal}`,
      sentinel: {
        look: { primary: '10.0.0.0', users: { revision: '', passwords: new Map() } },
        session: {} as RedisSession,
      },
      ...(ordinal === 0 && changes),
    }),
  );
  const accepted = { ...plan().accepted, replicated: true as const };
  const status = { topology: { mode: 'Replicated' as const, members: members.length } };
  const object = store({ enabled: true, replicas: 3 }, status);
  if (annotation !== undefined) object.metadata.annotations = { 'cubby.dev/promote': annotation };
  return observed({ store: object, accepted, members });
}

/** The ordinal of the successor, "choice" where somebody is to choose, or "none" where nobody is needed yet. */
function find(snapshot: ReturnType<typeof seen>): number | 'choice' | 'none' {
  const found = findSuccession(snapshot);
  if (!found) return 'none';
  return 'successor' in found ? found.successor.ordinal : 'choice';
}

test('of the replicas that were restarted without their primary the one that came farthest may take its place', () => {
  assert.equal(find(seen([replica(noted(X, 100)), replica(noted(X, 101))])), 2);
  assert.equal(find(seen([replica(noted(X, 101)), replica(noted(X, 100))])), 1);
  assert.equal(find(seen([replica(noted(X, 9)), replica(noted(X, 9))])), 1, 'the first of equals');
  const still = replica(undefined, { replication: { offset: 200, history: X, downSeconds: 90 } });
  assert.equal(find(seen([replica(noted(X, 101)), still])), 2, 'one that was not restarted says it itself');
});

test('where one cannot be compared, or too few are there, nobody is chosen', () => {
  const [first, second] = [replica(noted(X, 100)), replica(noted(X, 100))];
  assert.equal(find(seen([first, replica(undefined)])), 'choice', 'it was never in step');
  assert.equal(find(seen([first, replica(noted(Y, 100))])), 'choice', 'of another stream');
  assert.equal(find(seen([first, replica('x')])), 'choice');
  assert.equal(find(seen([first, undefined])), 'choice', 'the other is gone as well');
  assert.equal(find(seen([first, second, undefined, undefined])), 'choice', 'two of five');
  const snapshots = replica(noted(X, 100), { aof: { enabled: false } });
  assert.equal(find(seen([first, snapshots])), 'choice', 'a snapshot may be older than what was noted');
});

test('while the old primary may come back, or Sentinel may choose, nobody is', () => {
  const both = [replica(noted(X, 100)), replica(noted(X, 101))];
  assert.equal(find(seen(both)), 2);
  assert.equal(find(seen(both, { redis: redis({ loading: true }) })), 'none', 'it reads its data');
  assert.equal(find(seen(both, { redis: redis() })), 'none', 'there is a primary');
  for (const change of [
    { replication: { priority: 100 } },
    { replication: { linked: true } },
    { replication: { syncing: true } },
    { replication: { downSeconds: 30 } },
    { uptimeSeconds: 30 },
  ])
    assert.equal(find(seen([both[0], replica(noted(X, 101), change)])), 'none', JSON.stringify(change));
  const off = seen(both);
  off.store.spec.enabled = false;
  assert.equal(find(off), 'none');
  const apart = seen(both);
  const [, one, other] = apart.members;
  for (const member of [one, other])
    if (member?.sentinel && 'look' in member.sentinel) member.sentinel.look.primary = '10.0.0.1';
  assert.equal(find(apart), 'none', 'Sentinels name another, which is there');
});

test('the successor, or the one that somebody chose for now, gets a priority, and no other', async () => {
  const promoted = async (others: Member['redis'][], annotation?: string) => {
    const snapshot = seen(others, {}, annotation);
    const set: string[] = [];
    for (const { ordinal, redis } of snapshot.members)
      if (redis && 'session' in redis)
        redis.session = {
          configSet: async (...pair: string[]) => void set.push(`${ordinal} ${pair.join(' ')}`),
        } as never;
    const replication = { addresses: [], passwords: {} } as never;
    await maintainSuccession({ events: { record: () => {} } as never, now: () => NOW }, { replication }, snapshot);
    return set;
  };
  const [comparable, apart] = [
    [replica(noted(X, 100)), replica(noted(X, 101))],
    [replica(noted(X, 100)), replica(noted(Y, 101))],
  ];
  assert.deepEqual(await promoted(comparable), ['2 replica-priority 100']);
  assert.deepEqual(await promoted(apart), []);
  assert.deepEqual(await promoted(apart, 'main-redis-1:2026-01-01T01:10:00Z'), ['1 replica-priority 100']);
  assert.deepEqual(await promoted(apart, 'main-redis-1:2026-01-01T00:59:00Z'), [], 'its time is over');
  assert.deepEqual(await promoted(apart, 'main-redis-1:2026-01-01T02:10:00Z'), [], 'for too long');
  assert.deepEqual(await promoted(apart, 'main-redis-0:2026-01-01T01:10:00Z'), [], 'it is not there');
  assert.deepEqual(await promoted(apart, 'main-redis-1'), []);
});

test('what is to be done is told where nobody can be chosen', () => {
  const [trouble] = judgeMembers(seen([replica(noted(X, 100)), replica(undefined)]), NOW).troubles;
  assert.equal(trouble?.reason, 'NoPrimary');
  assert.match(trouble?.message ?? '', /main-redis-1 last had all data at 2026-01-01T00:00:00.000Z/);
  assert.match(trouble?.message ?? '', /main-redis-2 does not know .*cubby\.dev\/promote/);
});
