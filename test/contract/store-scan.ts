import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { SCAN_POSITION, type Store } from '../../dataplane/store/port.ts';
import { failsAs } from '../integration/dataplane/outcomes.ts';
import { bytes, freshKey, type Property } from './store.ts';

/** Writes many keys. */
async function fill(store: Store, keys: readonly string[]): Promise<void> {
  await store.batch(keys.map((key) => ({ op: 'set', key, value: bytes('1') })));
}

/** All pages of a scan, with what is done between them; no page may be longer than asked for. */
async function scanAll(
  store: Store,
  pattern: string,
  limit: () => number,
  between: (page: number, next: string | undefined) => Promise<void> = async () => {},
): Promise<string[]> {
  const seen: string[] = [];
  let next: string | undefined;
  let pages = 0;
  do {
    const most = limit();
    const page = await store.scan(pattern, most, next);
    assert.ok(page.keys.length <= most, `${page.keys.length} names where ${most} were asked for`);
    assert.match(page.next ?? '0', SCAN_POSITION);
    seen.push(...page.keys);
    next = page.next;
    await between(++pages, next);
    assert.ok(pages < 50_000, 'a scan ends');
  } while (next !== undefined);
  return seen;
}

/** What `scan` of every adapter does. */
export function scanContract(property: Property): void {
  property('a scan gives every key that matches and no other, whatever the limit', async (store) => {
    const base = freshKey();
    const keys = Array.from({ length: 500 }, (_, i) => `${base}/${i}`);
    await fill(store, [...keys, `${base}x`, `x${base}/`]);
    for (const limit of [1, 2, 7, 100, 1000]) {
      const seen = await scanAll(store, `${base}/*`, () => limit);
      assert.deepEqual([...new Set(seen)].sort(), [...keys].sort());
    }
    await store.delete(keys);
  });

  property('each key that is there throughout is seen when most others vanish in the middle', async (store) => {
    for (let round = 0; round < 40; round++) {
      const base = freshKey();
      const stay = Array.from({ length: 200 }, (_, i) => `${base}/stay/${i}`);
      const others = Array.from({ length: 4000 }, (_, i) => `${base}/other/${i}`);
      await fill(store, [...stay, ...others]);
      const start = 100 * (round % 10);
      let vanished = false;
      const seen = await scanAll(
        store,
        '*',
        () => 1,
        async (page, next) => {
          // In the middle of what Redis gives at once, if there is such a page: it then gives something else.
          if (vanished || page < start || (!next?.includes('.') && page < start + 200)) return;
          vanished = true;
          await store.delete(others);
          // A smaller table is made in the background.
          await sleep(25);
        },
      );
      const names = new Set(seen);
      assert.deepEqual(
        stay.filter((key) => !names.has(key)),
        [],
      );
      await store.delete(stay);
    }
  });

  property('a pattern is a Redis glob', async (store) => {
    const base = freshKey();
    const names = ['a', 'b', 'ab', 'a*b', 'a?b', 'a[b]', 'a\\b', 'a-b', '^', 'é', 'A', '', 'a\nb', 'a.b'];
    await fill(
      store,
      names.map((name) => `${base}/${name}`),
    );
    const cases: Record<string, string[]> = {
      '*': names,
      a: ['a'],
      '?': ['a', 'b', '^', 'A'],
      '??': ['ab', 'é'],
      'a*': ['a', 'ab', 'a*b', 'a?b', 'a[b]', 'a\\b', 'a-b', 'a\nb', 'a.b'],
      '**b': ['b', 'ab', 'a*b', 'a?b', 'a\\b', 'a-b', 'a\nb', 'a.b'],
      'a\\*b': ['a*b'],
      'a\\?b': ['a?b'],
      'a\\[b\\]': ['a[b]'],
      'a\\\\b': ['a\\b'],
      'a.b': ['a.b'],
      '[ab]': ['a', 'b'],
      '[a-c]': ['a', 'b'],
      '[c-a]': ['a', 'b'],
      '[^ab]': ['^', 'A'],
      '[\\^]': ['^'],
      'a[*?]b': ['a*b', 'a?b'],
      '[a': ['a'],
      '[]': [],
    };
    for (const [pattern, expected] of Object.entries(cases)) {
      const seen = await scanAll(store, `${base}/${pattern}`, () => 100);
      assert.deepEqual(seen.map((name) => name.slice(base.length + 1)).sort(), [...expected].sort(), pattern);
    }
  });

  property('each key that is there throughout is seen, whatever comes and goes between pages', async (store) => {
    const step = fc.record({
      limit: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 1000 })),
      add: fc.oneof(fc.constant(0), fc.nat(50), fc.nat(3000)),
      remove: fc.oneof(fc.constant(0), fc.nat(50), fc.nat(6000)),
    });
    const run = fc.array(step, { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(run, fc.integer({ min: 1, max: 400 }), async (steps, count) => {
        const base = freshKey();
        const stay = Array.from({ length: count }, (_, i) => `${base}/stay/${i}`);
        await fill(store, stay);
        const others: string[] = [];
        let made = 0;
        let at = 0;
        const step = () => steps[at++ % steps.length] as (typeof steps)[number];
        const seen = await scanAll(
          store,
          `${base}/*`,
          () => steps[at % steps.length]?.limit ?? 1,
          async (page) => {
            const { add, remove } = page > 30 ? { add: 0, remove: 100 } : step();
            const added = Array.from({ length: add }, () => `${base}/other/${made++}`);
            await fill(store, added);
            await store.delete(others.splice(0, remove));
            others.push(...added);
          },
        );
        const names = new Set(seen);
        for (const key of stay) assert.ok(names.has(key), `${key} was not seen`);
        await store.delete([...stay, ...others]);
      }),
      { numRuns: 15 },
    );
  });

  property('a scan does not go on from what is no position', async (store) => {
    for (const from of ['', 'x', '-1', '1.2', '1'.repeat(30), '0\n']) {
      await assert.rejects(store.scan('*', 10, from), failsAs('failed'));
    }
  });
}
