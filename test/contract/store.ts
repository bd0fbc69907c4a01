import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Store } from '../../dataplane/store/port.ts';

/** How the suite gets a store; `open` is called once per test and may give the same store every time. */
export interface Adapter {
  name: string;
  open: () => Store;
  /** Lets the store's clock go on by about so many milliseconds. */
  wait: (ms: number) => Promise<void>;
}

const bytes = (text: string) => Buffer.from(text);
let keys = 0;
const freshKey = () => `contract:${++keys}`;

/** What every adapter of the store port does. */
export function storeContract({ name, open, wait }: Adapter): void {
  const property = (what: string, check: (store: Store) => Promise<void>) =>
    test(`${name}: ${what}`, () => check(open()));

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
}
