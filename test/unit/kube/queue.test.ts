import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createQueue } from '../../../kube/queue.ts';
import { createFakeClock } from './fake-clock.ts';

const setUp = (random = () => 1) => {
  const clock = createFakeClock();
  return { clock, queue: createQueue({ clock, random, backoff: { baseMs: 100, maxMs: 1000 } }) };
};

test('a key added many times is taken once', () => {
  const { queue } = setUp();
  queue.add('a');
  queue.add('a');
  assert.equal(queue.take()?.key, 'a');
  assert.equal(queue.take(), undefined);
});

test('a key in work is not handed out again, and comes again afterwards if it was added meanwhile', () => {
  const { queue } = setUp();
  queue.add('a');
  queue.take();
  queue.add('a');
  assert.equal(queue.take(), undefined);
  queue.done('a');
  assert.equal(queue.take()?.key, 'a');
  queue.done('a');
  assert.equal(queue.take(), undefined);
});

test('edits go before changes, and changes before resyncs, each in the order in which they came', () => {
  const { queue } = setUp();
  queue.add('r1', 'resync');
  queue.add('c1', 'change');
  queue.add('e1', 'edit');
  queue.add('e2', 'edit');
  queue.add('r1', 'resync');
  assert.deepEqual(
    [1, 2, 3, 4].map(() => queue.take()?.key),
    ['e1', 'e2', 'c1', 'r1'],
  );
});

test('an edit lifts a key that waits as a resync, and keeps the time since which it waits', async () => {
  const { queue, clock } = setUp();
  queue.add('a', 'resync');
  await clock.advance(50);
  queue.add('b', 'change');
  queue.add('a', 'edit');
  const item = queue.take();
  assert.deepEqual(item, { key: 'a', priority: 'edit', waitedMs: 50, failures: 0 });
  assert.equal(queue.counts().ready, 1);
});

test('an edit while the key is in work keeps its priority for the next run', () => {
  const { queue } = setUp();
  queue.add('a');
  queue.take();
  queue.add('a', 'edit');
  queue.add('a', 'resync');
  queue.done('a');
  assert.equal(queue.take()?.priority, 'edit');
});

test('failures of a key back off exponentially up to the maximum, and success forgets them', async () => {
  const { queue, clock } = setUp();
  queue.add('a');
  const pauses = [];
  for (let run = 0; run < 6; run++) {
    assert.equal(queue.take()?.failures, run);
    pauses.push(queue.fail('a'));
    assert.equal(queue.take(), undefined);
    await clock.advance(1000);
  }
  assert.deepEqual(pauses, [100, 200, 400, 800, 1000, 1000]);
  queue.take();
  queue.done('a');
  queue.add('a');
  assert.equal(queue.take()?.failures, 0);
});

test('a pause is drawn between half and the whole of the back-off', () => {
  const draw = (random: number) => {
    const { queue } = setUp(() => random);
    queue.add('a');
    queue.take();
    return queue.fail('a');
  };
  assert.equal(draw(0), 50);
  assert.equal(draw(0.5), 75);
});

test('a failure waits at least as long as the server asked for', () => {
  const { queue } = setUp();
  queue.add('a');
  queue.take();
  assert.equal(queue.fail('a', 5000), 5000);
});

test('an add ends a back-off at once, and the key does not come a second time when that would have ended', async () => {
  const { queue, clock } = setUp();
  queue.add('a');
  queue.take();
  queue.fail('a');
  queue.add('a', 'edit');
  assert.equal(queue.take()?.key, 'a');
  queue.done('a');
  await clock.advance(10_000);
  assert.equal(queue.take(), undefined);
  assert.equal(clock.pending(), 0);
});

test('of two delays for a key the earlier holds', async () => {
  const { queue, clock } = setUp();
  queue.addAfter('a', 500);
  queue.addAfter('a', 100);
  queue.addAfter('a', 900);
  await clock.advance(99);
  assert.equal(queue.take(), undefined);
  await clock.advance(1);
  assert.equal(queue.take()?.key, 'a');
  assert.equal(clock.pending(), 0);
});

test('a run that was overtaken by an add is followed at once, not after the delay that it asked for', () => {
  const { queue, clock } = setUp();
  queue.add('a');
  queue.take();
  queue.add('a');
  queue.done('a', 60_000);
  assert.equal(queue.take()?.key, 'a');
  assert.equal(clock.pending(), 0);
});

test('closing cancels delays and refuses keys', () => {
  const { queue, clock } = setUp();
  queue.add('a');
  queue.addAfter('b', 10);
  queue.close();
  queue.add('c');
  queue.addAfter('d', 10);
  assert.equal(queue.take(), undefined);
  assert.equal(clock.pending(), 0);
});

test('whatever happens, no key is in work twice and none that was added is forgotten', async () => {
  const key = fc.constantFrom('a', 'b', 'c');
  const action = fc.oneof(
    fc.record({ do: fc.constant('add' as const), key, priority: fc.constantFrom('edit', 'change', 'resync') }),
    fc.record({ do: fc.constantFrom('addAfter', 'done', 'fail', 'take', 'wait'), key }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(action, { maxLength: 60 }), async (actions) => {
      const { queue, clock } = setUp();
      const running = new Set<string>();
      const owed = new Set<string>();
      const take = () => {
        const item = queue.take();
        if (!item) return false;
        assert.ok(!running.has(item.key), `${item.key} is in work already`);
        running.add(item.key);
        owed.delete(item.key);
        return true;
      };
      for (const step of actions) {
        if (step.do === 'take') take();
        if (step.do === 'wait') await clock.advance(300);
        if (step.do === 'add') queue.add(step.key, 'priority' in step ? step.priority : 'change');
        if (step.do === 'addAfter') queue.addAfter(step.key, 200);
        if (step.do === 'add' || step.do === 'addAfter') owed.add(step.key);
        if ((step.do === 'done' || step.do === 'fail') && running.delete(step.key)) {
          queue[step.do](step.key);
          if (step.do === 'fail') owed.add(step.key);
        }
      }
      for (const left of running) queue.done(left);
      running.clear();
      await clock.advance(2000);
      while (take());
      assert.deepEqual([...owed], []);
    }),
    { numRuns: 100 },
  );
});
