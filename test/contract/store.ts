import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Entry, Store } from '../../dataplane/store/port.ts';
import { batchContract } from './store-batch.ts';
import { incrementContract } from './store-increment.ts';
import { scanContract } from './store-scan.ts';

/** How the suite gets a store; `open` is called once per test and may give the same store every time. */
export interface Adapter {
  name: string;
  open: () => Store;
  /** Lets the store's clock go on by about so many milliseconds. */
  wait: (ms: number) => Promise<void>;
}

/** Declares a test of one property. */
export type Property = (what: string, check: (store: Store) => Promise<void>) => void;

/** The value that a text is. */
export const bytes = (text: string): Buffer => Buffer.from(text);

let keys = 0;
/** A key that no other test has. */
export const freshKey = (): string => `contract:${++keys}`;

/** The same store, whose entries do not say whose memory they are. */
function comparable(store: Store): Store {
  const entryOf = ({ value, expiresAt }: Entry): Entry => ({ value, expiresAt });
  return { ...store, get: async (key) => store.get(key).then((entry) => entry && entryOf(entry)) };
}

/** What every adapter of the store port does. */
export function storeContract({ name, open, wait }: Adapter): void {
  const property: Property = (what, check) => void test(`${name}: ${what}`, () => check(comparable(open())));

  property('a key that was never written is null', async (store) => {
    assert.equal(await store.get(freshKey()), null);
  });

  property('a value is read back byte for byte', async (store) => {
    for (const text of [
      '9007199254740993',
      '1e400',
      '-0',
      '{"b":1,"a":2}',
      '"\\ud800"',
      ' "é\u{1f600}" ',
      '[1,\n2]',
      'null',
    ]) {
      const key = freshKey();
      await store.set(key, bytes(text));
      assert.deepEqual(await store.get(key), { value: bytes(text), expiresAt: null });
    }
  });

  property('the largest value is read back', async (store) => {
    const key = freshKey();
    const value = bytes(`"${'x'.repeat(262_142)}"`);
    await store.set(key, value);
    assert.ok(value.equals((await store.get(key))?.value ?? Buffer.alloc(0)));
  });

  property('keys of any characters are different keys', async (store) => {
    const names = [
      'a',
      'A',
      'a/b',
      'a%2Fb',
      'ключ',
      '\u{1f511}',
      'é',
      'e\u0301',
      ' ',
      '*',
      'a*',
      '__proto__',
      'constructor',
    ];
    const base = freshKey();
    for (const each of names) await store.set(base + each, bytes(JSON.stringify(each)));
    for (const each of names) assert.equal(String((await store.get(base + each))?.value), JSON.stringify(each));
  });

  property('a write tells the expiry that reading then tells, to the millisecond', async (store) => {
    const key = freshKey();
    const before = Date.now();
    const written = await store.set(key, bytes('1'), { expiry: { seconds: 100 } });
    const read = await store.get(key);
    assert.equal(written?.expiresAt, read?.expiresAt);
    assert.ok(Math.abs((written?.expiresAt ?? 0) - before - 100_000) < 5_000);
  });

  property('the longest ttl is taken, and is far away', async (store) => {
    const key = freshKey();
    const written = await store.set(key, bytes('1'), { expiry: { seconds: Number.MAX_SAFE_INTEGER } });
    assert.ok((written?.expiresAt ?? 0) > Date.parse('9999-12-31T23:59:59.999Z'));
    assert.equal((await store.get(key))?.expiresAt, written?.expiresAt);
  });

  property('a key is gone after its ttl', async (store) => {
    const key = freshKey();
    await store.set(key, bytes('1'), { expiry: { seconds: 1 } });
    assert.notEqual(await store.get(key), null);
    await wait(1100);
    assert.equal(await store.get(key), null);
    assert.equal(await store.delete([key]), 0);
  });

  property('a write without ttl removes the expiry', async (store) => {
    const key = freshKey();
    await store.set(key, bytes('1'), { expiry: { seconds: 100 } });
    assert.deepEqual(await store.set(key, bytes('2')), { expiresAt: null });
    assert.deepEqual(await store.get(key), { value: bytes('2'), expiresAt: null });
  });

  property('if-absent writes where there is no key', async (store) => {
    const key = freshKey();
    assert.deepEqual(await store.set(key, bytes('1'), { only: 'if-absent' }), { expiresAt: null });
    assert.equal(String((await store.get(key))?.value), '1');
  });

  property('if-absent changes nothing where there is one, its expiry included', async (store) => {
    const key = freshKey();
    const first = await store.set(key, bytes('1'), { expiry: { seconds: 100 } });
    assert.equal(await store.set(key, bytes('2'), { only: 'if-absent' }), undefined);
    assert.equal(await store.set(key, bytes('2'), { only: 'if-absent', expiry: { seconds: 5 } }), undefined);
    assert.deepEqual(await store.get(key), { value: bytes('1'), expiresAt: first?.expiresAt });
  });

  property('of many writers with if-absent exactly one succeeds', async (store) => {
    const key = freshKey();
    const results = await Promise.all(
      Array.from({ length: 50 }, (_, i) =>
        store.set(key, bytes(String(i)), { only: 'if-absent', expiry: { seconds: 50 } }),
      ),
    );
    assert.equal(results.filter((result) => result !== undefined).length, 1);
  });

  property('delete tells whether there was a key, and leaves none', async (store) => {
    const key = freshKey();
    await store.set(key, bytes('1'));
    assert.equal(await store.delete([key]), 1);
    assert.equal(await store.get(key), null);
    assert.equal(await store.delete([key]), 0);
  });

  property('if-present writes where there is a key, and nothing where there is none', async (store) => {
    const key = freshKey();
    assert.equal(await store.set(key, bytes('1'), { only: 'if-present' }), undefined);
    assert.equal(await store.get(key), null);
    await store.set(key, bytes('1'), { expiry: { seconds: 100 } });
    assert.deepEqual(await store.set(key, bytes('2'), { only: 'if-present' }), { expiresAt: null });
    assert.deepEqual(await store.get(key), { value: bytes('2'), expiresAt: null });
  });

  property('an expiry may be in milliseconds', async (store) => {
    const key = freshKey();
    const written = await store.set(key, bytes('1'), { expiry: { milliseconds: 150 } });
    assert.equal((await store.get(key))?.expiresAt, written?.expiresAt);
    await wait(200);
    assert.equal(await store.get(key), null);
    const far = await store.set(key, bytes('1'), { expiry: { milliseconds: Number.MAX_SAFE_INTEGER } });
    assert.ok((far?.expiresAt ?? 0) > Number.MAX_SAFE_INTEGER / 2);
  });

  property('delete of many tells how many there were', async (store) => {
    const [one, two] = [freshKey(), freshKey()];
    await store.set(one, bytes('1'));
    await store.set(two, bytes('2'));
    assert.equal(await store.delete([one, freshKey(), two, one]), 2);
    assert.equal(await store.delete([one, two]), 0);
    assert.equal(await store.delete([]), 0);
  });

  property('expire sets when a key ends, and ttl tells it', async (store) => {
    const key = freshKey();
    assert.equal(await store.expire(key, 100), false);
    assert.equal(await store.ttl(key), -2);
    await store.set(key, bytes('1'));
    assert.equal(await store.ttl(key), -1);
    assert.equal(await store.expire(key, 100), true);
    assert.ok(Math.abs((await store.ttl(key)) - 100) <= 1);
    assert.equal(await store.expire(key, Number.MAX_SAFE_INTEGER), true);
    assert.ok((await store.ttl(key)) > Number.MAX_SAFE_INTEGER / 2);
    for (const seconds of [0, -1, -Number.MAX_SAFE_INTEGER]) {
      await store.set(key, bytes('1'));
      assert.equal(await store.expire(key, seconds), true);
      assert.equal(await store.get(key), null);
      assert.equal(await store.ttl(key), -2);
    }
  });

  property('size counts keys', async (store) => {
    const before = await store.size();
    const key = freshKey();
    await store.set(key, bytes('1'));
    assert.equal(await store.size(), before + 1);
    await store.delete([key]);
    assert.equal(await store.size(), before);
  });

  property('what is written later does not change what was read', async (store) => {
    const key = freshKey();
    const value = bytes('"first"');
    await store.set(key, value);
    value.fill('x');
    const read = await store.get(key);
    await store.set(key, bytes('"other"'));
    assert.equal(String(read?.value), '"first"');
  });

  property('a thousand requests at once each get their own answer', async (store) => {
    const base = freshKey();
    const all = Array.from({ length: 1000 }, (_, i) => i);
    await Promise.all(all.map((i) => store.set(`${base}:${i}`, bytes(String(i)))));
    const read = await Promise.all(all.map((i) => store.get(`${base}:${i}`)));
    assert.deepEqual(
      read.map((entry) => Number(entry?.value)),
      all,
    );
  });

  incrementContract(property);
  scanContract(property);
  batchContract(property);
}
