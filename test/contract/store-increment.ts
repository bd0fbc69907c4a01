import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Store } from '../../dataplane/store/port.ts';
import { failsAs } from '../integration/dataplane/outcomes.ts';
import { bytes, freshKey, type Property } from './store.ts';

const MAX = Number.MAX_SAFE_INTEGER;
const JSON_NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;

/** What `increment` of every adapter does. */
export function incrementContract(property: Property): void {
  const stored = async (store: Store, text: string) => {
    const key = freshKey();
    await store.set(key, bytes(text), { expiry: { seconds: 100 } });
    return key;
  };
  const sum = async (store: Store, text: string, delta: number) =>
    String((await store.increment(await stored(store, text), delta)).value);

  property('a missing key counts as 0, and does not expire', async (store) => {
    const key = freshKey();
    assert.deepEqual(await store.increment(key, 5), { value: bytes('5'), expiresAt: null });
    assert.deepEqual(await store.increment(key, -7), { value: bytes('-2'), expiresAt: null });
    assert.deepEqual(await store.get(key), { value: bytes('-2'), expiresAt: null });
    const other = freshKey();
    assert.equal(String((await store.increment(other, 0.5)).value), '0.5');
    assert.equal((await store.get(other))?.expiresAt, null);
  });

  property('a ttl holds where the key is made, and not where there is one', async (store) => {
    for (const delta of [1, 0.5]) {
      const key = freshKey();
      const made = await store.increment(key, delta, 100);
      assert.ok(Math.abs((made.expiresAt ?? 0) - Date.now() - 100_000) < 5_000);
      const again = await store.increment(key, delta, 5000);
      assert.equal(again.expiresAt, made.expiresAt);
      assert.deepEqual(await store.get(key), again);
      assert.deepEqual(Number(again.value), 2 * delta);
      await store.set(key, bytes('1'));
      assert.equal((await store.increment(key, delta, 100)).expiresAt, null);
    }
  });

  property('whole numbers are exact up to the largest', async (store) => {
    assert.equal(await sum(store, String(MAX - 1), 1), String(MAX));
    assert.equal(await sum(store, String(1 - MAX), -1), String(-MAX));
    assert.equal(await sum(store, '0', MAX), String(MAX));
    assert.equal(await sum(store, String(MAX), -MAX), '0');
  });

  property('fractions are added to whatever way a number is written', async (store) => {
    const cases: [string, number, number][] = [
      ['0.1', 0.2, 0.3],
      ['1.5', 1, 2.5],
      ['10', -0.25, 9.75],
      ['3.0e3', 1, 3001],
      ['1E2', 0.5, 100.5],
      ['-0', 1, 1],
      ['1.0', 1, 2],
      ['5', 1e-7, 5.0000001],
      ['12e-1', 0, 1.2],
    ];
    for (const [text, delta, expected] of cases) assert.equal(Number(await sum(store, text, delta)), expected, text);
  });

  property('the sum is stored as a number of JSON, and is what is read', async (store) => {
    const number = fc.oneof(
      fc.integer(),
      fc.maxSafeInteger(),
      fc.double({ min: -(2 ** 53), max: 2 ** 53, noNaN: true }),
      fc.double({ min: -1, max: 1, noNaN: true }),
    );
    await fc.assert(
      fc.asyncProperty(number, number, async (base, delta) => {
        if (Math.abs(base + delta) > MAX || Math.abs(delta) > MAX) return;
        const key = await stored(store, JSON.stringify(base));
        const { value } = await store.increment(key, delta);
        assert.match(String(value), JSON_NUMBER);
        const expected = base + delta;
        assert.ok(Math.abs(Number(value) - expected) <= Math.max(1e-15, Math.abs(expected) * 1e-14), `${value}`);
        assert.deepEqual((await store.get(key))?.value, value);
      }),
      { numRuns: 100 },
    );
  });

  property('a sum out of range is overflow, and the key is as it was', async (store) => {
    const cases: [string, number][] = [
      [String(MAX), 1],
      [String(-MAX), -1],
      ['9007199254740993', 1],
      ['-9007199254740993', 0],
      ['9223372036854775807', 1],
      ['9223372036854775807', -1],
      ['-9223372036854775808', -1],
      ['99999999999999999999', 1],
      ['1e300', 1],
      ['1e400', 1],
      ['-1e400', 0.5],
      [String(MAX), 0.75],
      ['9007199254740991.5', 1],
      ['1', 2 ** 53],
      ['1', 1e300],
      ['1', Number.POSITIVE_INFINITY],
    ];
    for (const [text, delta] of cases) {
      const key = await stored(store, text);
      const before = await store.get(key);
      await assert.rejects(store.increment(key, delta), failsAs('overflow'), `${text} + ${delta}`);
      await assert.rejects(store.increment(key, delta, 10), failsAs('overflow'), `${text} + ${delta}`);
      assert.deepEqual(await store.get(key), before, `${text} + ${delta}`);
    }
    const missing = freshKey();
    await assert.rejects(store.increment(missing, 2 ** 53, 10), failsAs('overflow'));
    assert.equal(await store.get(missing), null);
  });

  property('what is no number of JSON is not-a-number, and stays', async (store) => {
    const texts = [
      '"5"',
      'abc',
      '{"a":1}',
      '[1]',
      'null',
      'true',
      '',
      ' 5',
      '5 ',
      '+5',
      '05',
      '.5',
      '5.',
      '0x10',
      'nan',
    ];
    for (const text of [...texts, 'inf', '-', '1e', '1_0', '٣', '5\n']) {
      const key = await stored(store, text);
      for (const delta of [1, 0.5]) {
        await assert.rejects(store.increment(key, delta), failsAs('not-a-number'), JSON.stringify(text));
        await assert.rejects(store.increment(key, delta, 10), failsAs('not-a-number'), JSON.stringify(text));
      }
      assert.equal(String((await store.get(key))?.value), text);
    }
  });

  property('of a hundred at once each counts', async (store) => {
    for (const ttl of [undefined, 100]) {
      const key = freshKey();
      const entries = await Promise.all(Array.from({ length: 100 }, () => store.increment(key, 3, ttl)));
      const sums = entries.map(({ value }) => Number(value)).sort((a, b) => a - b);
      assert.deepEqual(
        sums,
        Array.from({ length: 100 }, (_, i) => 3 * (i + 1)),
      );
    }
  });
}
