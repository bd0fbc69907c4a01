import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { BatchOp } from '../../dataplane/store/port.ts';
import { bytes, freshKey, type Property } from './store.ts';

/** What `batch` of every adapter does. */
export function batchContract(property: Property): void {
  property('an empty batch has no results', async (store) => {
    assert.deepEqual(await store.batch([]), []);
  });

  property('each operation of a batch has its result, and sees those before it', async (store) => {
    const key = freshKey();
    const [one, two] = [bytes('1'), bytes('"two"')];
    const outcomes = await store.batch([
      { op: 'get', key },
      { op: 'delete', key },
      { op: 'set', key, value: one },
      { op: 'get', key },
      { op: 'set', key, value: two, ttl: 100 },
      { op: 'get', key },
      { op: 'delete', key },
      { op: 'delete', key },
      { op: 'get', key },
      { op: 'set', key, value: one, ttl: 100 },
    ]);
    const missing = { value: null, found: false };
    assert.deepEqual(outcomes, [
      missing,
      missing,
      { value: one, found: true },
      { value: one, found: true },
      { value: two, found: true },
      { value: two, found: true },
      { value: null, found: true },
      missing,
      missing,
      { value: one, found: true },
    ]);
    const read = await store.get(key);
    assert.deepEqual(read?.value, one);
    assert.ok(Math.abs((read?.expiresAt ?? 0) - Date.now() - 100_000) < 5_000);
  });

  property('a set without ttl removes the expiry', async (store) => {
    const key = freshKey();
    await store.batch([
      { op: 'set', key, value: bytes('1'), ttl: 100 },
      { op: 'set', key, value: bytes('2') },
    ]);
    assert.deepEqual(await store.get(key), { value: bytes('2'), expiresAt: null });
  });

  property('a batch does what its operations do one by one', async (store) => {
    const name = fc.constantFrom('a', 'b', 'c', 'ключ');
    const value = fc.oneof(
      fc.constant(''),
      fc.string(),
      fc.nat(10_000).map((length) => 'é'.repeat(length)),
    );
    const op = fc.oneof(
      fc.record({ op: fc.constant('get' as const), key: name }),
      fc.record({ op: fc.constant('set' as const), key: name, value: value.map(bytes) }),
      fc.record({ op: fc.constant('delete' as const), key: name }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(op, { maxLength: 100 }), async (ops) => {
        const base = freshKey();
        const model = new Map<string, Buffer>();
        const expected = ops.map((each) => {
          const held = model.get(each.key) ?? null;
          if (each.op === 'get') return { value: held, found: held !== null };
          if (each.op === 'delete') return { value: null, found: model.delete(each.key) };
          model.set(each.key, each.value);
          return { value: each.value, found: true };
        });
        const outcomes = await store.batch(ops.map((each) => ({ ...each, key: base + each.key })));
        assert.deepEqual(outcomes, expected);
      }),
      { numRuns: 50 },
    );
  });

  property('the largest batch: a hundred values of 256 KB are written, and read', async (store) => {
    const base = freshKey();
    const value = (i: number) => Buffer.alloc(262_144, String(i % 10));
    const all = Array.from({ length: 100 }, (_, i) => i);
    const written = await store.batch(all.map((i) => ({ op: 'set', key: `${base}/${i}`, value: value(i) })));
    assert.ok(written.every((outcome) => 'found' in outcome && outcome.found));
    // Twice: how large values are is learnt.
    for (let round = 0; round < 2; round++) {
      const read = await store.batch(all.map((i): BatchOp => ({ op: 'get', key: `${base}/${i}` })));
      read.forEach((outcome, i) => {
        assert.ok('found' in outcome && outcome.value?.equals(value(i)), `value ${i}`);
      });
    }
    assert.equal(await store.delete(all.map((i) => `${base}/${i}`)), 100);
  });
}
