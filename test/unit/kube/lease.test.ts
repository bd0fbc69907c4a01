import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KubeError } from '../../../kube/errors.ts';
import { microTime, startElector } from '../../../kube/lease.ts';
import type { ApiObject } from '../../../kube/object.ts';
import { createFakeClock } from './fake-clock.ts';

/** A server with one Lease and optimistic concurrency, which each candidate reaches by a link that can be cut. */
function setUp() {
  const clock = createFakeClock();
  let stored: ApiObject | undefined;
  let version = 0;
  const store = (object: ApiObject) => {
    stored = structuredClone(object);
    stored.metadata.resourceVersion = String(++version);
    return structuredClone(stored) as never;
  };
  const leading = new Set<string>();
  let mostLeaders = 0;

  function candidate(identity: string, wallOffsetMs = 0) {
    const link = { up: true };
    const log: string[] = [];
    const check = () => {
      if (!link.up) throw new KubeError({ status: 0, reason: 'Unreachable', message: 'link down' });
    };
    const client = {
      async get() {
        check();
        return structuredClone(stored) as never;
      },
      async create(_: unknown, object: ApiObject) {
        check();
        if (stored) throw new KubeError({ status: 409, reason: 'AlreadyExists', message: 'exists' });
        return store(object);
      },
      async replace(_: unknown, object: ApiObject) {
        check();
        if (stored?.metadata.resourceVersion !== object.metadata.resourceVersion) {
          throw new KubeError({ status: 409, reason: 'Conflict', message: 'modified' });
        }
        return store(object);
      },
    };
    const elector = startElector({
      client,
      namespace: 'ns',
      name: 'leader',
      identity,
      clock: { ...clock, wall: () => clock.wall() + wallOffsetMs },
      random: () => 0,
      onElected: () => {
        log.push('elected');
        leading.add(identity);
        mostLeaders = Math.max(mostLeaders, leading.size);
      },
      onLost: () => {
        log.push('lost');
        leading.delete(identity);
      },
    });
    return { elector, link, log };
  }
  const spec = () => (stored as unknown as { spec: Record<string, unknown> } | undefined)?.spec;
  return { clock, candidate, spec, leading, mostLeaders: () => mostLeaders };
}

test('one of two candidates leads, and keeps leading', async () => {
  const { clock, candidate, mostLeaders } = setUp();
  const a = candidate('a');
  const b = candidate('b');
  await clock.advance(60_000);
  assert.deepEqual([a.log, b.log, mostLeaders()], [['elected'], [], 1]);
  assert.deepEqual([a.elector.isLeader(), b.elector.isLeader()], [true, false]);
});

test('a leader that stops hands over within one retry period', async () => {
  const { clock, candidate, spec } = setUp();
  const a = candidate('a');
  await clock.advance(1);
  const b = candidate('b');
  await clock.advance(5000);
  await a.elector.stop();
  assert.equal(spec()?.holderIdentity, '');
  await clock.advance(2000);
  assert.deepEqual(b.log, ['elected']);
  assert.deepEqual([spec()?.holderIdentity, spec()?.leaseTransitions], ['b', 1]);
});

test('a leader cut off says so before another takes over', async () => {
  const { clock, candidate, mostLeaders } = setUp();
  const a = candidate('a');
  await clock.advance(1);
  const b = candidate('b');
  await clock.advance(5000);
  a.link.up = false;
  await clock.advance(12_000);
  assert.deepEqual([a.log, b.log], [['elected', 'lost'], []]);
  assert.equal(a.elector.isLeader(), false);
  await clock.advance(7000);
  assert.deepEqual([b.log, mostLeaders()], [['elected'], 1]);
});

test('a short outage costs no leadership', async () => {
  const { clock, candidate } = setUp();
  const a = candidate('a');
  await clock.advance(10_000);
  a.link.up = false;
  await clock.advance(7000);
  a.link.up = true;
  await clock.advance(60_000);
  assert.deepEqual([a.log, a.elector.isLeader()], [['elected'], true]);
});

test('a candidate whose clock is an hour ahead takes nothing from a living leader', async () => {
  const { clock, candidate, mostLeaders } = setUp();
  candidate('a');
  await clock.advance(1);
  const ahead = candidate('ahead', 3_600_000);
  await clock.advance(120_000);
  assert.deepEqual([ahead.log, mostLeaders()], [[], 1]);
});

test('a candidate whose clock is an hour behind takes over from a dead leader all the same', async () => {
  const { clock, candidate } = setUp();
  const a = candidate('a');
  await clock.advance(1);
  const behind = candidate('behind', -3_600_000);
  await clock.advance(3000);
  a.link.up = false;
  await clock.advance(20_000);
  assert.deepEqual(behind.log, ['elected']);
});

test('a leader whose process was suspended past its lease does not think that it leads', async () => {
  const { clock, candidate } = setUp();
  const a = candidate('a');
  await clock.advance(1);
  clock.jump(14_000);
  assert.equal(a.elector.isLeader(), true);
  clock.jump(1_000);
  assert.equal(a.elector.isLeader(), false);
  await clock.advance(0);
  assert.deepEqual(a.log, ['elected', 'lost']);
});

test('stopped before it ever led, a candidate leaves the lease alone', async () => {
  const { clock, candidate, spec } = setUp();
  candidate('a');
  await clock.advance(1);
  const b = candidate('b');
  await clock.advance(3000);
  await b.elector.stop();
  await clock.advance(10_000);
  assert.equal(spec()?.holderIdentity, 'a');
  assert.deepEqual(b.log, []);
});

test('times have six digits of fraction', () => {
  assert.equal(microTime(Date.UTC(2030, 0, 2, 3, 4, 5, 6)), '2030-01-02T03:04:05.006000Z');
});
