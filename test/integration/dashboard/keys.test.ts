import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import { longestTask } from '../../browser/tasks.ts';
import { kvToken } from '../../unit/dataplane/objects.ts';
import { type Shop, startShop } from './shop.ts';

describe('the keys of a project', () => {
  let shop: Shop;
  before(async () => {
    shop = await startShop();
  });
  beforeEach(async () => {
    await shop.redis.admin().flushall();
  });
  after(() => shop.close());

  const open = (at = '/shop/kv') => shop.open({ token: shop.token, at });
  const option = (page: Page, name: string) => page.getByRole('option', { name, exact: false });

  test('are added with a value, a type and an expiry, and shown at once', async () => {
    const { page, complaints, close } = await open();
    await page.getByRole('button', { name: 'Add the first key' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name').fill('user:42/ä?#%');
    await dialog.getByLabel('Value').fill('{"n": 9007199254740993, "b": [1.10, 1e400]}');
    await dialog.getByLabel('Expires').selectOption('After');
    await dialog.getByLabel('Amount').fill('2');
    await dialog.getByRole('button', { name: 'Add key' }).click();
    await dialog.waitFor({ state: 'detached' });
    await option(page, 'user:42/ä?#%').waitFor();
    const panel = page.getByRole('region', { name: 'Key user:42/ä?#%' });
    await panel.getByText('9007199254740993').waitFor();
    await panel.getByText('Object', { exact: true }).waitFor();
    assert.match((await panel.getByRole('timer').textContent()) ?? '', /^(1 h 59 min|2 h 00 min) left$/);
    assert.match(String(await shop.read('user:42/ä?#%')), /\{"n": 9007199254740993, "b": \[1.10, 1e400\]\}/);
    assert.deepEqual(complaints, []);
    await close();
  });

  test('are not added where the name or the value is wrong, which is said where it is', async () => {
    const { page, close } = await open();
    await page.getByRole('button', { name: 'Add key' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name').fill('a..b');
    await dialog.getByText('A key has no two dots in a row').waitFor();
    await dialog.getByLabel('Name').fill('a');
    await dialog.getByLabel('Value').fill('{"a": 1,\n "b": oops}');
    await dialog.getByText('Line 2, column 7').waitFor();
    await dialog.getByRole('button', { name: 'Add key' }).click();
    assert.equal(await shop.read('a'), 404);

    await dialog.getByLabel('Value').fill('plain text');
    await dialog.getByRole('button', { name: 'Store the text as a JSON string' }).click();
    await dialog.getByRole('button', { name: 'Add key' }).click();
    await dialog.waitFor({ state: 'detached' });
    assert.match(String(await shop.read('a')), /"value":"plain text"/);
    await close();
  });

  test('are not overwritten by adding, unless that is asked for', async () => {
    await shop.put('a', '1');
    const { page, close } = await open();
    await page.getByRole('button', { name: 'Add key' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name').fill('a');
    await dialog.getByLabel('Value').fill('2');
    await dialog.getByRole('button', { name: 'Add key' }).click();
    await dialog.getByRole('alert').getByText('It is there already').waitFor();
    assert.match(String(await shop.read('a')), /"value":1,/);
    await dialog.getByLabel('Only if it does not exist').uncheck();
    await dialog.getByRole('button', { name: 'Add key' }).click();
    await dialog.waitFor({ state: 'detached' });
    assert.match(String(await shop.read('a')), /"value":2,/);
    await close();
  });

  test('keep numbers beyond 2^53 and their expiry when they are edited', async () => {
    await shop.put('a', '{"id":9007199254740993,"on":false}', 5000);
    const { page, close } = await open('/shop/kv/a');
    await page.getByRole('button', { name: 'Edit' }).click();
    const value = page.getByRole('textbox', { name: 'Value' });
    await value.fill((await value.inputValue()).replace('false', 'true'));
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved').waitFor();
    const stored = String(await shop.read('a'));
    assert.match(stored, /"id": 9007199254740993,\s+"on": true/);
    const left = Date.parse(JSON.parse(stored).expires_at) - Date.now();
    assert.ok(left > 4_900_000 && left <= 5_000_000, `${left}`);
    await close();
  });

  test('are deleted after a question, and not by leaving it', async () => {
    await shop.put('a', '1');
    await shop.put('b', '2');
    const { page, close } = await open();
    await option(page, 'a').click();
    await page.getByRole('button', { name: 'Delete' }).click();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    assert.notEqual(await shop.read('a'), 404);
    await page.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('button', { name: 'Delete key' }).click();
    await option(page, 'b').waitFor();
    assert.equal(await shop.read('a'), 404);
    assert.equal(await page.getByRole('option').count(), 1);
    // Gone in the meantime, which is as good.
    await option(page, 'b').click();
    await page.getByRole('button', { name: 'Delete' }).click();
    await shop.redis.admin().unlink('b');
    await page.getByRole('button', { name: 'Delete key' }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await option(page, 'b').waitFor({ state: 'detached' });
    await close();
  });

  test('count down to their expiry and say when it has come', async () => {
    // Long enough to be seen on a machine that is busy with other tests.
    await shop.put('short', '"x"', 8);
    const { page, close } = await open('/shop/kv/short');
    assert.match((await page.getByRole('timer').textContent()) ?? '', /^[1-8] s left$/);
    await page.getByText('This key has expired').waitFor({ timeout: 12_000 });
    await close();
  });

  test('are found by prefix, taken literally', async () => {
    for (const key of ['user:1', 'user:2', 'u*er:3', 'cart:1']) await shop.put(key, '1');
    const { page, requested, close } = await open();
    const search = page.getByLabel('Search keys by prefix');
    await search.pressSequentially('user:', { delay: 20 });
    await page.getByText('2 found').waitFor();
    await search.fill('u*');
    await page.getByText('1 found').waitFor();
    await option(page, 'u*er:3').waitFor();
    await search.fill('none');
    await page.getByText('No key begins with that').waitFor();
    const scans = requested.filter((url) => url.includes('/infra/kv?')).length;
    assert.ok(scans <= 6, `${scans} scans for three searches: typing is waited for`);
    await close();
  });

  test('that are whole numbers are counters', async () => {
    await shop.put('hits', '41');
    const { page, close } = await open('/shop/kv/hits');
    await page.getByRole('button', { name: 'Add 1' }).click();
    await page.getByLabel('Value').getByText('42').waitFor();
    await option(page, 'hits').getByText('Counter').waitFor();
    assert.match(String(await shop.read('hits')), /"value":42,/);
    await close();
  });

  test('with a value of 256 KB are shown in part first, and whole when asked for, without the page standing still', async () => {
    await shop.put('big', JSON.stringify(Array.from({ length: 4500 }, (_, id) => ({ id, name: 'x'.repeat(30) }))));
    const { page, close } = await open();
    const longest = await longestTask(shop.browser, page, async () => {
      await option(page, 'big').click();
      await page.getByText(/2\d\d\.\d KiB/).waitFor();
    });
    assert.ok(longest <= 100, `a task of ${longest} ms`);
    const shown = async () => (await page.locator('.value-text').textContent())?.length ?? 0;
    assert.ok((await shown()) < 20_000);
    await page.getByRole('button', { name: 'Show all' }).click();
    await page.getByRole('button', { name: 'Show all' }).waitFor({ state: 'detached' });
    assert.ok((await shown()) > 230_000);
    await close();
  });

  test('can be read and not changed with a token that may only read', async () => {
    await shop.put('a', '1');
    const { token, object } = kvToken({ namespace: 'shop', name: 'reader', scopes: ['kv:read'] });
    shop.api.tokens.upsert(object);
    const { page, close } = await shop.open({ token, at: '/shop/kv/a' });
    await page.getByLabel('Value').getByText('1', { exact: true }).waitFor();
    for (const name of ['Add key', 'Edit', 'Delete', 'Add 1']) {
      assert.equal(await page.getByRole('button', { name }).count(), 0, name);
    }
    await close();
  });

  test('can be worked with by keyboard alone', async () => {
    for (const key of ['a', 'b', 'c']) await shop.put(key, `"value of ${key}"`);
    const { page, close } = await open();
    await page.getByRole('option').first().waitFor();
    await page.keyboard.press('/');
    assert.equal(await page.evaluate('document.activeElement.ariaLabel'), 'Search keys by prefix');
    await page.keyboard.type('n');
    assert.equal(await page.getByRole('dialog').count(), 0, 'what is typed is no shortcut');
    await page.keyboard.press('Backspace');
    await option(page, 'b').waitFor();
    for (const key of ['ArrowDown', 'ArrowDown', 'Enter']) await page.keyboard.press(key);
    await page.getByText('"value of b"').waitFor();
    await page.keyboard.press('Escape');
    await page.getByText('"value of b"').waitFor({ state: 'detached' });
    await page.keyboard.press('End');
    await page.keyboard.press('Enter');
    await page.getByText('"value of c"').waitFor();
    await page.keyboard.press('n');
    assert.equal(await page.evaluate('document.activeElement.tagName'), 'INPUT', 'the name has the focus');
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await close();
  });

  test('what is typed into a value outlives a reading that fails, and the key itself', async () => {
    await shop.put('draft', '"before"');
    const { page, close } = await open('/shop/kv/draft');
    await page.getByRole('button', { name: 'Edit' }).click();
    const editor = page.getByLabel('Value', { exact: true }).and(page.locator('textarea'));
    await editor.fill('"typed"');
    await page.route('**/infra/kv/draft?**', (route) => route.abort());
    const failed = page.waitForEvent('requestfailed');
    // As when the window comes to the front again.
    await page.evaluate("document.dispatchEvent(new Event('visibilitychange', { bubbles: true }))");
    await failed;
    await page.waitForTimeout(200);
    assert.equal(await editor.inputValue(), '"typed"');
    await page.unroute('**/infra/kv/draft?**');
    await shop.redis.admin().del('draft');
    await page.getByRole('button', { name: 'Refresh', exact: true }).click();
    await page.getByText('The key is not there any more').waitFor();
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved').waitFor();
    assert.match(String(await shop.read('draft')), /"typed"/);
    await close();
  });

  test('the refusal of a key that was not added is not shown for the next one', async () => {
    await shop.put('taken', '1');
    const { page, close } = await open();
    const adding = page.getByRole('dialog');
    await page.getByRole('button', { name: 'Add key' }).click();
    await adding.getByLabel('Name').fill('taken');
    await adding.getByLabel('Value').fill('2');
    await adding.getByRole('button', { name: 'Add key' }).click();
    await adding.getByText('It is there already').waitFor();
    await adding.getByRole('button', { name: 'Cancel' }).click();
    await adding.waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Add key' }).click();
    await adding.getByLabel('Name').waitFor();
    assert.equal(await adding.getByText('It is there already').count(), 0);
    await close();
  });
});
