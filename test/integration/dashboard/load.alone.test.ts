import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { type Scrolled, scrollToEnd } from '../../browser/scroll.ts';
import { longestTask } from '../../browser/tasks.ts';
import { type Shop, startShop } from './shop.ts';

const KEYS = 100_000;

/** Evaluated in a page: when it first showed something, in ms from the beginning of the navigation. */
const firstPaint = `new Promise((done) => {
  new PerformanceObserver((list) => {
    for (const { name, startTime } of list.getEntries()) if (name === 'first-contentful-paint') done(startTime);
  }).observe({ type: 'paint', buffered: true });
})`;

describe('the dashboard', () => {
  let shop: Shop;
  before(async () => {
    shop = await startShop();
    const admin = shop.redis.admin();
    for (let at = 0; at < KEYS; at += 10_000) {
      const pairs = Array.from({ length: 10_000 }, (_, index) => [`session:u_${at + index}`, '{"n":1}']);
      await admin.mset(pairs.flat());
    }
  });
  after(() => shop.close());

  test('is at most 200 KB in all, compressed by gzip', (t) => {
    const files = globSync('**/*.{html,js,css,svg}', { cwd: shop.folder });
    const sizes = files.map((file) => gzipSync(readFileSync(join(shop.folder, file)), { level: 9 }).length);
    const bytes = sizes.reduce((sum, size) => sum + size, 0);
    t.diagnostic(`${bytes} bytes in ${files.length} files`);
    assert.ok(bytes <= 200_000, `${bytes} bytes`);
  });

  test('shows its first view, and the keys of a session that is kept, within a second', async (t) => {
    const times: { first: number; keys: number }[] = [];
    for (let run = 0; run < 3; run++) {
      const { page, close } = await shop.open();
      await page.getByRole('button', { name: 'Sign in' }).waitFor();
      const first = (await page.evaluate(firstPaint)) as number;
      await page.evaluate(`sessionStorage.setItem('cubby.token', '${shop.token}')`);
      await page.reload();
      await page.getByRole('option').first().waitFor();
      const keys = (await page.evaluate('performance.now()')) as number;
      times.push({ first, keys });
      await close();
    }
    const median = (values: number[]) => values.sort((a, b) => a - b)[1] ?? Number.NaN;
    const [first, keys] = [median(times.map((time) => time.first)), median(times.map((time) => time.keys))];
    t.diagnostic(`first paint ${first.toFixed()} ms, keys ${keys.toFixed()} ms`);
    assert.ok(first <= 1000, `${first} ms`);
    assert.ok(keys <= 1000, `${keys} ms`);
  });

  test('scrolls through 100,000 keys without stutter, with few rows in the page, to the last key', async (t) => {
    const { page, complaints, close } = await shop.open({ token: shop.token });
    await page.getByRole('option').first().waitFor();
    let seen: Scrolled = { rows: 0, rate: 0, height: 0 };
    const longest = await longestTask(shop.browser, page, async () => {
      seen = await scrollToEnd(page);
    });
    t.diagnostic(`${seen.rate.toFixed()} frames/s, longest task ${longest.toFixed()} ms, ${seen.rows} rows at most`);
    assert.equal(seen.height, KEYS * 40 + 8, 'every key has its row');
    assert.ok(longest <= 100, `a task of ${longest} ms`);
    assert.ok(seen.rows > 0 && seen.rows <= 60, `${seen.rows} rows`);
    assert.deepEqual(complaints, []);
    await close();
  });
});
