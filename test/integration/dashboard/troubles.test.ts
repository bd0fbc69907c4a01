import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import { findBarriers } from '../../browser/axe.ts';
import { type Shop, startShop } from './shop.ts';

describe('a page whose calls fail', () => {
  let shop: Shop;
  before(async () => {
    shop = await startShop();
    await shop.put('a', '1');
  });
  after(() => shop.close());

  /** Answers the lists of keys with an error of the API from now on. */
  const refuse = (page: Page, status: number, code: string, detail: string, headers: Record<string, string> = {}) =>
    page.route('**/infra/kv?**', (route) =>
      route.fulfill({
        status,
        headers: { 'X-Request-Id': 'req-42', ...headers },
        contentType: 'application/problem+json',
        body: JSON.stringify({ type: 'x', title: 't', status, detail, code, message: detail, request_id: 'req-42' }),
      }),
    );

  const cases: [status: number, code: string, words: RegExp, headers?: Record<string, string>][] = [
    [402, 'insufficient_tokens', /budget is used up.*raise spec\.limits\.tokensPerMonth/],
    [429, 'rate_limited', /Too many requests.*Trying again in/, { 'Retry-After': '60' }],
    [503, 'store_unavailable', /does not answer right now.*Trying again in/, { 'Retry-After': '60' }],
    [503, 'store_hibernated', /hibernated.*Enable it in the settings/, { 'Retry-After': '60' }],
    [500, 'internal_error', /server failed.*request id/],
  ];
  for (const [status, code, words, headers] of cases) {
    test(`says what ${code} means, what to do, and which request it was`, async () => {
      const { page, complaints, close } = await shop.open();
      await refuse(page, status, code, 'the detail of the API', headers);
      await page.getByLabel('Token', { exact: true }).fill(shop.token);
      await page.getByRole('button', { name: 'Sign in' }).click();
      const alert = page.getByRole('alert');
      await alert.getByText('The detail of the API.').waitFor();
      const text = (await alert.textContent()) ?? '';
      assert.match(text, words);
      assert.match(text, /Request req-42/);
      assert.deepEqual(await findBarriers(page), []);
      assert.deepEqual(complaints, []);
      await close();
    });
  }

  test('tries again by itself when the server said that it may, and goes on', async () => {
    const { page, close } = await shop.open();
    await refuse(page, 503, 'store_unavailable', 'the store restarts', { 'Retry-After': '1' });
    await page.getByLabel('Token', { exact: true }).fill(shop.token);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('The store restarts.').waitFor();
    await page.unroute('**/infra/kv?**');
    await page.getByRole('option', { name: 'a' }).waitFor();
    await close();
  });

  test('keeps the keys that are there when a further page does not come, and goes on from there', async () => {
    const admin = shop.redis.admin();
    await admin.mset(Array.from({ length: 3000 }, (_, index) => [`many:${index}`, '1']).flat());
    const { page, close } = await shop.open();
    await page.route('**/infra/kv?**cursor**', (route) => route.abort('connectionreset'));
    await page.getByLabel('Token', { exact: true }).fill(shop.token);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('option').first().waitFor();
    await page.getByRole('listbox').press('End');
    await page.getByText('The server cannot be reached').waitFor();
    assert.ok((await page.getByRole('option').count()) > 5);
    await page.unroute('**/infra/kv?**cursor**');
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByText('The server cannot be reached').waitFor({ state: 'detached' });
    await close();
  });

  test('keeps what was typed when a write fails, and says that it may have been applied', async () => {
    const { page, close } = await shop.open({ token: shop.token });
    await page.getByRole('button', { name: 'Add key' }).click();
    await page.route('**/infra/kv/lost?**', (route) => route.abort('connectionreset'));
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name').fill('lost');
    await dialog.getByLabel('Value').fill('1');
    await dialog.getByRole('button', { name: 'Add key' }).click();
    await dialog.getByText('It is not known whether this was written').waitFor();
    assert.equal(await dialog.getByLabel('Name').inputValue(), 'lost');
    await close();
  });
});
