import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import { findBarriers } from '../../browser/axe.ts';
import { VIEWS } from '../../browser/watched.ts';
import { kvToken } from '../../unit/dataplane/objects.ts';
import { type Shop, startShop } from './shop.ts';

describe('no one is kept out', () => {
  let shop: Shop;
  let key: string;
  before(async () => {
    shop = await startShop();
    const { token, object } = kvToken({ namespace: 'cubby-system', name: 'all', type: 'ApiKey', role: 'SystemAdmin' });
    shop.api.tokens.upsert(object);
    shop.api.tenant('news', { store: { projectId: 'news' } });
    key = token;
    for (let index = 0; index < 60; index++) await shop.put(`session:${index}`, `{"a":[1,"b",true,null],"n":${index}}`);
    await shop.put('hits', '41', 5000);
  });
  after(() => shop.close());

  /** What can be seen, and how to get there from the page that is opened at `at`. */
  const scenes: { name: string; at?: string; as?: 'key' | 'nobody'; reach(page: Page): Promise<unknown> }[] = [
    { name: 'sign-in', as: 'nobody', reach: (page) => page.getByText('Where do I find a token?').click() },
    { name: 'the choice of a project', as: 'key', reach: (page) => page.getByRole('link', { name: /news/ }).waitFor() },
    { name: 'keys', reach: (page) => page.getByRole('option').first().waitFor() },
    {
      name: 'a search without result',
      async reach(page) {
        await page.getByLabel('Search keys by prefix').fill('none');
        await page.getByText('No key begins with that').waitFor();
      },
    },
    { name: 'a value', at: '/shop/kv/session%3A1', reach: (page) => page.locator('.value-text').waitFor() },
    { name: 'a counter', at: '/shop/kv/hits', reach: (page) => page.getByText('41', { exact: true }).waitFor() },
    { name: 'a missing key', at: '/shop/kv/none', reach: (page) => page.getByText('There is no such key').waitFor() },
    {
      name: 'editing',
      at: '/shop/kv/hits',
      async reach(page) {
        await page.getByRole('button', { name: 'Edit' }).click();
        await page.getByRole('textbox', { name: 'Value' }).fill('{oops');
        await page.getByText('Line 1, column 2').waitFor();
      },
    },
    {
      name: 'adding',
      async reach(page) {
        await page.getByRole('button', { name: 'Add key' }).click();
        await page.getByRole('dialog').getByLabel('Expires').selectOption('After');
      },
    },
    {
      name: 'deleting',
      at: '/shop/kv/hits',
      async reach(page) {
        await page.getByRole('button', { name: 'Delete' }).click();
        await page.getByRole('button', { name: 'Delete key' }).waitFor();
      },
    },
  ];

  for (const [view, options] of Object.entries(VIEWS)) {
    for (const { name, at, as, reach } of scenes) {
      test(`from ${name}, in the view ${view}`, async () => {
        const token = as === 'nobody' ? {} : { token: as === 'key' ? key : shop.token };
        const { page, requested, complaints, close } = await shop.open({
          ...token,
          ...(at ? { at } : {}),
          view: options,
        });
        await reach(page);
        assert.deepEqual(await findBarriers(page), []);
        const wide = (await page.evaluate('document.documentElement.scrollWidth - innerWidth')) as number;
        assert.ok(wide <= 0, `the page is ${wide} px wider than the window`);
        assert.deepEqual(complaints, []);
        for (const url of requested) assert.ok(url.startsWith(`${shop.api.url}/`), url);
        await close();
      });
    }
  }

  test('the watch is awake: a script in the page and an unlabelled field are noticed', async () => {
    const { page, complaints, close } = await shop.open({ token: shop.token });
    await page.evaluate(`
      const style = document.createElement('style');
      style.textContent = 'body { outline: 1px solid red }';
      document.body.append(style, document.createElement('input'));
    `);
    assert.match((await findBarriers(page)).join(), /label/);
    assert.match(complaints.join(), /Content Security Policy/);
    await close();
  });
});
