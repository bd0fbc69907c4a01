import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import { kvToken } from '../../unit/dataplane/objects.ts';
import { type Dashboard, startDashboard } from './start.ts';

/** What the page keeps, in the tab and on the device. */
const kept = (page: Page) =>
  page.evaluate(() => ({ tab: JSON.stringify(sessionStorage), device: JSON.stringify(localStorage) }));

describe('signing in', () => {
  let dashboard: Dashboard;
  let token: string;
  before(async () => {
    dashboard = await startDashboard();
    token = dashboard.api.tenant('shop', { store: { projectId: 'shop' } });
    dashboard.api.tenant('news', { store: { projectId: 'news' } });
  });
  after(() => dashboard.close());

  test('with a token leads to its project; the token stays in the tab, out of every URL and off the device', async () => {
    const { page, requested, complaints, close } = await dashboard.open({ token });
    await page.getByRole('heading', { name: 'KV Store' }).waitFor();
    await page.getByText('shop', { exact: true }).first().waitFor();
    const { tab, device } = await kept(page);
    assert.match(tab, new RegExp(token));
    assert.doesNotMatch(device, new RegExp(token));
    await page.reload();
    await page.getByRole('heading', { name: 'KV Store' }).waitFor();
    for (const url of [...requested, page.url()]) {
      assert.ok(!url.includes(token), url);
      assert.ok(url.startsWith(`${dashboard.api.url}/`), url);
    }
    assert.deepEqual(complaints, []);
    await close();
  });

  test('with a token of one project, a link to another leads to the same page of its own', async () => {
    const { page, requested, close } = await dashboard.open({ token, at: '/news/usage' });
    await page.getByRole('heading', { name: 'Usage' }).waitFor();
    assert.match(page.url(), /#\/shop\/usage$/);
    await page.evaluate("location.hash = '#/news/kv/secret'");
    await page.waitForURL(/#\/shop\/kv$/);
    assert.ok(requested.every((url) => !url.includes('secret')));
    await close();
  });

  test('with a token that does not work says so and keeps nothing', async () => {
    const { page, close } = await dashboard.open();
    await page.getByLabel('Token', { exact: true }).fill(`${token.slice(0, -1)}!`);
    await page.getByRole('button', { name: 'Sign in' }).click();
    const alert = page.getByRole('alert');
    await alert.getByText('This token does not work').waitFor();
    assert.match((await alert.textContent()) ?? '', /Request [0-9a-f-]{36}/);
    assert.deepEqual(await kept(page), { tab: '{}', device: '{}' });
    await close();
  });

  test('lasts beyond the tab where that was asked for, until signing out', async () => {
    const { page, close } = await dashboard.open();
    await page.getByLabel('Stay signed in on this device').check();
    await page.getByLabel('Token', { exact: true }).fill(token);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('heading', { name: 'KV Store' }).waitFor();
    const second = await page.context().newPage();
    await second.goto(`${dashboard.api.url}/dashboard/`);
    await second.getByRole('heading', { name: 'KV Store' }).waitFor();
    await second.getByRole('button', { name: 'Sign out' }).click();
    await second.getByLabel('Token', { exact: true }).waitFor();
    assert.deepEqual(await kept(second), { tab: '{}', device: '{}' });
    await close();
  });

  test('ends by itself, whatever page is open, once the token is revoked', async () => {
    const { token: doomed, object } = kvToken({ namespace: 'shop', name: 'doomed' });
    dashboard.api.tokens.upsert(object);
    const { page, close } = await dashboard.open({ token: doomed, at: '/shop/kv' });
    await page.getByText('No keys yet').waitFor();
    dashboard.api.tokens.remove(object);
    await page.getByRole('button', { name: 'Refresh the list' }).click();
    await page.getByText('You were signed out').waitFor();
    assert.deepEqual(await kept(page), { tab: '{}', device: '{}' });
    await close();
  });

  test('is not ended by a late answer to the session before it', async () => {
    const { page, close } = await dashboard.open({ token, at: '/shop/kv' });
    let answerLate = () => {};
    const asked = new Promise<void>((resolve) => {
      page.route('**/infra/kv/late?**', async (route) => {
        await new Promise<void>((answer) => {
          answerLate = answer;
          resolve();
        });
        await route.fulfill({ status: 401, json: { code: 'unauthorized', detail: 'the token is unknown' } });
      });
    });
    await page.getByRole('button', { name: 'Add key' }).click();
    await page.getByLabel('Name').fill('late');
    await page.getByRole('dialog').getByLabel('Value').fill('1');
    await page.getByRole('dialog').getByRole('button', { name: 'Add key' }).click();
    await asked;
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('Token', { exact: true }).fill(token);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('No keys yet').waitFor();
    const answered = page.waitForResponse('**/infra/kv/late?**');
    answerLate();
    await answered;
    await page.waitForTimeout(200);
    assert.equal(await page.getByLabel('Token', { exact: true }).count(), 0);
    await close();
  });

  test('with an API key asks for the project, finds it by its beginning, and can change it', async () => {
    const { token: key, object } = kvToken({
      namespace: 'cubby-system',
      name: 'all',
      type: 'ApiKey',
      role: 'SystemRead',
    });
    dashboard.api.tokens.upsert(object);
    const { page, complaints, close } = await dashboard.open({ token: key });
    await page.getByRole('heading', { name: 'Choose a project' }).waitFor();
    await page.getByLabel('Search projects').fill('sh');
    await page.getByRole('link', { name: /news/ }).waitFor({ state: 'detached' });
    await page.getByRole('link', { name: /shop/ }).click();
    await page.getByText('No keys yet').waitFor();
    assert.match(page.url(), /#\/shop\/kv$/);
    await page.getByRole('button', { name: /Project shop/ }).click();
    await page.getByRole('link', { name: /news/ }).click();
    await page.waitForURL(/#\/news\/kv$/);
    assert.deepEqual(complaints, []);
    await close();
  });
});
