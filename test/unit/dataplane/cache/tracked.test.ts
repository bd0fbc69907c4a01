import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Room } from '../../../../dataplane/cache/room.ts';
import { Shelf } from '../../../../dataplane/cache/shelf.ts';
import { Tracked } from '../../../../dataplane/cache/tracked.ts';
import { Model } from './model.ts';

const key = fc.constantFrom('a', 'b');
const few = fc.integer({ min: 1, max: 6 });
const act = fc.oneof(
  { weight: 6, arbitrary: fc.record({ act: fc.constant('get' as const), key }) },
  {
    weight: 2,
    arbitrary: fc.record({
      act: fc.constant('write' as const),
      key,
      ttlMs: fc.option(few, { nil: undefined }),
      held: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      act: fc.constant('foreign' as const),
      key,
      what: fc.constantFrom('set', 'set to expire', 'delete', 'expire', 'flush all'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ act: fc.constant('release' as const) }) },
  { weight: 6, arbitrary: fc.record({ act: fc.constant('serve' as const), count: few }) },
  { weight: 6, arbitrary: fc.record({ act: fc.constant('arrive' as const), count: few }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constant('cut' as const), count: fc.nat(3) }) },
  { weight: 2, arbitrary: fc.record({ act: fc.constant('connect' as const) }) },
  { weight: 2, arbitrary: fc.record({ act: fc.constant('wait' as const), ms: fc.constantFrom(1, 5, 30, 110) }) },
);

test('whatever comes between, memory gives what the store held: nothing expired, heard to be replaced, or older than an own write', async () => {
  let hits = 0;
  const property = fc.asyncProperty(fc.array(act, { minLength: 20, maxLength: 80, size: 'max' }), async (acts) => {
    const model = new Model();
    for (const each of acts) {
      if (each.act === 'get') await model.get(each.key);
      else if (each.act === 'write') await model.write(each.key, each.ttlMs, each.held);
      else if (each.act === 'release') model.release();
      else if (each.act === 'foreign') model.foreign(each.key, each.what);
      else if (each.act === 'serve') model.serve(each.count);
      else if (each.act === 'arrive') await model.arrive(each.count);
      else if (each.act === 'cut') await model.cut(each.count);
      else if (each.act === 'connect') model.connect();
      else model.wait(each.ms);
    }
    hits += model.hits;
  });
  await fc.assert(property, { numRuns: 3000 });
  assert.ok(hits > 1000, `memory answered only ${hits} times`);
});

/** A model whose memory knows the key `a`. */
async function knowing(): Promise<Model> {
  const model = new Model();
  await model.get('a');
  model.serve();
  await model.arrive();
  assert.equal(model.recall('a'), null);
  return model;
}

test('while a write is under way, what was before it is not given', async () => {
  const model = await knowing();
  await model.write('a');
  assert.equal(model.recall('a'), undefined);
});

test('what is in use stays vouched for: a silent server is asked for a sign of life', async () => {
  const model = await knowing();
  for (let i = 0; i < 20; i++) {
    model.wait(30);
    assert.equal(model.recall('a'), null);
    model.serve();
    await model.arrive();
  }
});

test('what was not in use for a while is read once more, and known again', async () => {
  const model = await knowing();
  model.wait(1000);
  await model.get('a');
  assert.equal(model.recall('a'), undefined);
  model.serve();
  await model.arrive();
  assert.equal(model.recall('a'), null);
});

test('while an earlier connection may still carry writes, nothing is kept', async () => {
  const earlier = Promise.withResolvers<void>();
  const counts = { hits: 0, misses: 0, invalidations: 0 };
  const tracked = new Tracked(new Shelf(new Room(2 ** 20)), counts, 1000, () => 0, earlier.promise);
  tracked.opened();
  assert.equal(tracked.reading('a'), undefined);
  earlier.resolve();
  await earlier.promise;
  tracked.reading('a')?.read(null, -2);
  assert.equal(
    tracked.find('a', async () => {}),
    null,
  );
});
