import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Request } from '../../../../dataplane/store/exchange.ts';
import type { Lane } from '../../../../dataplane/store/lane.ts';
import { originOf } from '../../../../dataplane/store/origin.ts';
import { StoreError } from '../../../../dataplane/store/port.ts';
import { createDurableWay } from '../../../../dataplane/store/replicated/durable.ts';
import { integerOf, one } from '../../../../dataplane/store/replies.ts';
import type { Reply } from '../../../../dataplane/store/resp/reply.ts';

const REPLICAS = 1;
const increment = () => one('write', ['INCRBY', 'n', 1], integerOf);
const isOnlyPrimary = async () => true;
const waitOf = ({ commands }: Request<unknown>) => /WAIT\r\n\$1\r\n1\r\n\$\d+\r\n([^\r]+)/.exec(String(commands))?.[1];

/** A lane whose Redis is away until `up`, and then counts; it holds a request as a real one does. */
function awayUntil(up: number, waitMs: number): { lane: Lane; sent: Request<unknown>[] } {
  const sent: Request<unknown>[] = [];
  let sum = 0;
  const request = async <T>(each: Request<T>, since = performance.now()): Promise<T> => {
    const upIn = Math.max(0, up - performance.now());
    const left = Math.max(0, since + waitMs - performance.now());
    await sleep(Math.min(upIn, left));
    // Not by the clock: a timer may fire a fraction of a millisecond early.
    if (left < upIn) throw new StoreError('unavailable', 'of the test');
    sent.push(each);
    const replies: Reply[] = Array.from({ length: each.count - 1 }, () => ++sum);
    return each.read([...replies, REPLICAS], originOf('h', 1));
  };
  return { lane: { waitMs, request, refused: () => assert.fail('nothing is refused') } as unknown as Lane, sent };
}

test('a write is held for as long as its lane holds it, and one that came later for as long again', async () => {
  const began = performance.now();
  const { lane, sent } = awayUntil(began + 1800, 1200);
  const way = createDurableWay(lane, 2, { confirmMs: 100, waiting: 100 }, isOnlyPrimary);
  const first = way.request(increment());
  await sleep(200);
  // Behind the first, and as old as it within the time that is left when that one has failed.
  const second = way.request(increment());
  await sleep(800);
  const later = [way.request(increment()), way.request(increment())];
  await assert.rejects(first, { failure: 'unavailable' });
  await assert.rejects(second, { failure: 'unavailable' });
  assert.deepEqual(await Promise.all(later), [1, 2]);
  assert.equal(sent.length, 1);
});

test('replicas have whole milliseconds to confirm a write, and no more than it is held', async () => {
  for (const [confirmMs, waitMs, expected] of [
    [2500.5, 5000, '2500'],
    [2500.5, 2000, '2000'],
  ] as const) {
    const { lane, sent } = awayUntil(0, waitMs);
    await createDurableWay(lane, 2, { confirmMs, waiting: 100 }, isOnlyPrimary).request(increment());
    assert.deepEqual(sent.map(waitOf), [expected]);
  }
});

test('where a lane gives every request up at once, each write fails and none is tried for ever', async () => {
  let asked = 0;
  const request = async () => {
    asked++;
    throw new StoreError('unavailable', 'closed');
  };
  const lane = { waitMs: 60_000, request } as unknown as Lane;
  const way = createDurableWay(lane, 2, { confirmMs: 100, waiting: 100 }, isOnlyPrimary);
  const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => way.request(increment())));
  assert.ok(outcomes.every(({ status }) => status === 'rejected'));
  assert.equal(asked, 20);
});

test('what was confirmed to a Redis that is not the only primary any more is unknown', async () => {
  const { lane } = awayUntil(0, 1000);
  const asked: string[] = [];
  const isOnly = async (place: string) => {
    asked.push(place);
    return asked.length > 1;
  };
  const way = createDurableWay(lane, 2, { confirmMs: 100, waiting: 100 }, isOnly);
  await assert.rejects(way.request(increment()), { failure: 'unknown' });
  assert.equal(await way.request(increment()), 2);
  const { place } = originOf('h', 1);
  assert.deepEqual(asked, [place, place]);
});
