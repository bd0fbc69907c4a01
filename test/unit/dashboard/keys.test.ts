import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { faultOfKey } from '../../../dashboard/src/pages/keys/key-rule.ts';
import { appendPage, emptyListing, withName, withoutName } from '../../../dashboard/src/pages/keys/listing.ts';
import { keyProblem } from '../../../dataplane/pipeline/key.ts';

describe('a listing', () => {
  const page = (keys: string[], next_cursor: string | null = 'c') => ({ keys, next_cursor });

  test('has each name once, however often pages repeat it', () => {
    const pages = fc.array(fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f')), { maxLength: 8 });
    fc.assert(
      fc.property(pages, (all) => {
        const { names } = all.reduce((listing, keys) => appendPage(listing, page(keys)), emptyListing());
        assert.deepEqual(names, [...new Set(all.flat())]);
      }),
    );
  });

  test('is sorted where it fits one page, and in the order of the store otherwise', () => {
    assert.deepEqual(appendPage(emptyListing(), page(['b', 'a'], null)).names, ['a', 'b']);
    const first = appendPage(emptyListing(), page(['z', 'b']));
    assert.deepEqual(appendPage(first, page(['a'], null)).names, ['z', 'b', 'a']);
  });

  test('takes a written name in front, and never twice', () => {
    const first = withName(appendPage(emptyListing(), page(['a'])), 'new');
    assert.deepEqual(first.names, ['new', 'a']);
    assert.deepEqual(withName(first, 'a').names, ['new', 'a']);
    assert.deepEqual(appendPage(first, page(['new', 'b'])).names, ['new', 'a', 'b']);
  });

  test('loses a deleted name, which may come again', () => {
    const first = withoutName(appendPage(emptyListing(), page(['a', 'b'])), 'a');
    assert.deepEqual(first.names, ['b']);
    assert.deepEqual(withName(first, 'a').names, ['a', 'b']);
  });

  test('of 100,000 names is put together in well under a frame a page', () => {
    let listing = emptyListing();
    let longest = 0;
    for (let at = 0; at < 100; at++) {
      const keys = Array.from({ length: 1000 }, (_, index) => `session:${at * 1000 + index}`);
      const before = process.threadCpuUsage(); // other processes have the processor now and then
      listing = appendPage(listing, page(keys));
      const { user, system } = process.threadCpuUsage(before);
      longest = Math.max(longest, (user + system) / 1000);
    }
    assert.equal(listing.names.length, 100_000);
    assert.ok(longest < 50, `${longest} ms`);
  });
});

test('what the page takes for a key is what the API takes, but for the single dot', () => {
  const parts = fc.constantFrom('a', '.', '..', ':', '/', '\t', '\u007f', '\u0085', '\ud800', '😀', 'x'.repeat(200));
  fc.assert(
    fc.property(fc.array(parts, { maxLength: 6 }), (pieces) => {
      const key = pieces.join('');
      assert.equal(faultOfKey(key) === undefined, keyProblem(key) === undefined && key !== '.', JSON.stringify(key));
    }),
    { numRuns: 2000 },
  );
});
