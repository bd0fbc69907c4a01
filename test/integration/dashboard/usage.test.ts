import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { periodAt } from '../../../dataplane/metering/period.ts';
import { findBarriers } from '../../browser/axe.ts';
import { VIEWS } from '../../browser/watched.ts';
import { type Managed, SERVING, startManaged } from './managed.ts';

const HOUR = 3_600_000;

describe('the page Usage', () => {
  let managed: Managed;
  let now: number;

  before(async () => {
    managed = await startManaged();
    now = Date.now();
    const status = { phase: 'Ready', memory: { limit: 2 ** 28, used: 2 ** 26 }, conditions: SERVING } as const;
    managed.store('shop', { memory: '256Mi' });
    managed.operate('shop', { ...status, limits: { tokensPerMonth: '2' } });
    managed.store('free');
    managed.operate('free', status);
    managed.store('asleep', { enabled: false });
    managed.operate('asleep', { phase: 'Hibernated' });
    await managed.spend('shop', now - 3 * HOUR, { get: 1000, set: 200 });
    await managed.spend('shop', now, { get: 500, delete: 7, increment: 11, scan: 3 });
    await managed.spend('free', now, { get: 2 });
  });
  after(() => managed.close());

  const open = (project: string, view?: (typeof VIEWS)[keyof typeof VIEWS]) =>
    managed.open({ token: managed.admin, at: `/${project}/usage`, ...(view && { view }) });

  for (const [name, view] of Object.entries(VIEWS)) {
    test(`plots requests, budget and memory, for everybody (${name})`, async () => {
      const { page, complaints, requested, close } = await open('shop', view);
      await page.locator('.chart canvas').nth(2).waitFor();
      const requests = page.getByRole('region', { name: 'Requests' });
      assert.match((await requests.textContent()) ?? '', /1,721Last 24 hours/);
      for (const [operation, count] of Object.entries({
        get: '1,500',
        set: '200',
        delete: '7',
        increment: '11',
        scan: '3',
      })) {
        assert.equal(
          await requests.locator('.legend li', { hasText: operation }).textContent(),
          `${operation}${count}`,
        );
      }
      const budget = page.getByRole('region', { name: 'Tokens this month' });
      // 1,500 gets, 218 of set, delete and increment, 3 scans; at the start of a month those of three hours ago are of the last.
      const left = periodAt(now - 3 * HOUR) === periodAt(now) ? '1.99763' : '1.99949';
      assert.ok(((await budget.textContent()) ?? '').includes(`${left}tokens left of 2`));
      assert.match((await budget.textContent()) ?? '', /Ends 1 \w+ \((in \d+ days|within a day)\)/);
      const memory = page.getByRole('region', { name: 'Memory' });
      assert.match((await memory.textContent()) ?? '', /64 MiBof 256 MiB; 25%/);
      assert.equal(await memory.getByRole('meter').getAttribute('aria-valuenow'), '25');
      await page.getByText('Show the numbers').click();
      for (const canvas of await page.locator('.chart canvas').all()) {
        const box = await canvas.boundingBox();
        assert.ok(
          box && box.width > 200 && box.x >= 0 && box.x + box.width <= view.viewport.width,
          JSON.stringify(box),
        );
      }
      assert.deepEqual(await findBarriers(page), []);
      assert.deepEqual(complaints, []);
      assert.ok(requested.every((url) => url.startsWith(managed.api.url)));
      await close();
    });
  }

  test('the colours of the plots follow the theme', async () => {
    const { page, close } = await open('shop');
    const pixels = () =>
      page
        .locator('.chart canvas')
        .first()
        .evaluate((canvas) => (canvas as unknown as { toDataURL(): string }).toDataURL());
    await page.locator('.chart canvas').nth(2).waitFor();
    const light = await pixels();
    await page.getByRole('button', { name: 'Dark theme' }).click();
    assert.notEqual(await pixels(), light);
    await close();
  });

  test('a month is shown by the day, and the numbers can be read as a table', async () => {
    const { page, close } = await open('shop');
    await page.getByRole('button', { name: 'Month', exact: true }).click();
    await page.getByText('Last 31 days').waitFor();
    await page.getByText('Show the numbers').click();
    const rows = page.getByRole('table').getByRole('row');
    // What was used three hours ago may have been yesterday.
    assert.ok([2, 3].includes(await rows.count()));
    assert.match((await rows.first().textContent()) ?? '', /Day \(UTC\)getsetdeleteincrementscantokens/);
    await close();
  });

  test('pointing at a bar shows what ran in its hour', async () => {
    const { page, close } = await open('shop');
    const plot = page.locator('.chart .u-over').first();
    const box = await plot.boundingBox();
    assert.ok(box);
    await plot.hover({ position: { x: box.width - 4, y: box.height / 2 } });
    const requests = page.getByRole('region', { name: 'Requests' });
    await requests.locator('.figure-value', { hasText: /^521$/ }).waitFor();
    await page.mouse.move(0, 0);
    await requests.locator('.figure-value', { hasText: /^1,721$/ }).waitFor();
    await close();
  });

  test('a project without a budget is told so, and what it spent', async () => {
    const { page, close } = await open('free');
    await page.getByText('This project has no budget').waitFor();
    assert.match(
      (await page.getByRole('region', { name: 'Tokens this month' }).textContent()) ?? '',
      /0\.0000016tokens spent/,
    );
    await close();
  });

  test('a store that is stopped and was not used has words in place of plots', async () => {
    const { page, complaints, close } = await open('asleep');
    await page.getByText('No requests in the last 24 hours').waitFor();
    await page.getByText('Redis does not run').waitFor();
    assert.deepEqual(await findBarriers(page), []);
    assert.deepEqual(complaints, []);
    await close();
  });

  test('memory is followed while the page is open', async () => {
    const { page, close } = await open('shop');
    const memory = page.getByRole('region', { name: 'Memory' });
    await memory.getByText('64 MiB').first().waitFor();
    managed.operate('shop', { memory: { limit: 2 ** 28, used: 240 * 2 ** 20 } });
    await memory.getByText('240 MiB').waitFor({ timeout: 8000 });
    assert.match((await memory.getByRole('meter').getAttribute('class')) ?? '', /meter-high/);
    managed.operate('shop', { memory: { limit: 2 ** 28, used: 2 ** 26 } });
    await close();
  });
});
