import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import { findBarriers } from '../../browser/axe.ts';
import { VIEWS } from '../../browser/watched.ts';
import { type Managed, SERVING, startManaged } from './managed.ts';

describe('the page Tokens', () => {
  let managed: Managed;
  before(async () => {
    managed = await startManaged();
    for (const project of ['shop', 'empty', ...Object.keys(VIEWS)]) {
      // The stage's tokens are bound to the store `main` of their namespace where nothing else is said.
      managed.store(project);
      managed.operate(project, { phase: 'Ready', conditions: SERVING });
    }
  });
  after(() => managed.close());

  const open = (project: string, token = managed.admin, view?: (typeof VIEWS)[keyof typeof VIEWS]) =>
    managed.open({ token, at: `/${project}/tokens`, ...(view && { view }) });

  /** Creates a token by the dialog; its text. */
  async function create(page: Page, name: string): Promise<string> {
    await page.getByRole('button', { name: 'Create token' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name').fill(name);
    await dialog.getByRole('button', { name: 'Create token' }).click();
    return (await page.locator('.token-value').textContent()) ?? '';
  }

  async function close(page: Page): Promise<void> {
    await page.getByLabel('I have stored it').check();
    await page.getByRole('button', { name: 'Done' }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  }

  const call = (token: string) =>
    fetch(`${managed.api.url}/core/tokens/me/scopes`, { headers: { Authorization: `Bearer ${token}` } });

  for (const [name, view] of Object.entries(VIEWS)) {
    test(`each step of it is for everybody (${name})`, async () => {
      const { page, complaints, close: end } = await open(name, managed.admin, view);
      await page.getByText('No tokens yet').waitFor();
      assert.deepEqual(await findBarriers(page), []);
      await page.getByRole('button', { name: 'Create token' }).click();
      await page.getByRole('dialog').waitFor();
      assert.deepEqual(await findBarriers(page), []);
      await page.keyboard.press('Escape');
      await create(page, `web-${name}`);
      assert.deepEqual(await findBarriers(page), []);
      await close(page);
      await page.getByRole('row', { name: `web-${name}` }).waitFor();
      assert.deepEqual(await findBarriers(page), []);
      await page.getByRole('button', { name: `Revoke web-${name}` }).click();
      await page.getByRole('dialog').waitFor();
      assert.deepEqual(await findBarriers(page), []);
      assert.deepEqual(complaints, []);
      await end();
    });
  }

  test('a token is shown once, works, and is refused after it is revoked', async () => {
    const { page, requested, close: end } = await open('shop');
    const value = await create(page, 'worker');
    assert.match(value, /^sk_live_\w+$/);
    const scopes = (await (await call(value)).json()) as { project_id: string };
    assert.equal(scopes.project_id, 'shop');
    await close(page);

    const row = page.getByRole('row', { name: /worker/ });
    assert.match(
      (await row.textContent()) ?? '',
      new RegExp(`sk_live_…${value.slice(-4)}[^]*Read and write[^]*Never[^]*Active`),
    );
    assert.equal((await page.content()).includes(value), false);
    const kept = await page.evaluate(() => JSON.stringify([{ ...sessionStorage }, { ...localStorage }]));
    assert.equal(kept.includes(value), false);
    assert.equal(
      requested.some((url) => url.includes(value)),
      false,
    );

    await row.getByRole('button', { name: 'Revoke worker' }).click();
    const dialog = page.getByRole('dialog');
    const revoke = dialog.getByRole('button', { name: 'Revoke' });
    assert.equal(await revoke.isDisabled(), true);
    await dialog.getByLabel('Type worker to confirm').fill('worker');
    await revoke.click();
    await page.getByText('Revoked worker').waitFor();
    await row.waitFor({ state: 'detached' });
    assert.equal((await call(value)).status, 401);
    await end();
  });

  test('a new token cannot be lost by a slip: the dialog stays until it is said to be stored', async () => {
    const { page, close: end } = await open('shop');
    const value = await create(page, 'kept');
    await page.keyboard.press('Escape');
    await page.getByText('Tick this first').waitFor();
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click();
    await page.mouse.click(5, 5);
    assert.equal(await page.locator('.token-value').textContent(), value);
    await close(page);
    await end();
  });

  test('type, scopes and lifetime are as chosen, and a name that is none cannot be sent', async () => {
    const { page, close: end } = await open('shop');
    await page.getByRole('button', { name: 'Create token' }).click();
    const dialog = page.getByRole('dialog');
    const send = dialog.getByRole('button', { name: 'Create token' });
    await dialog.getByLabel('Name').fill('Not A Name');
    await dialog.getByText('Use small letters').waitFor();
    assert.equal(await send.isDisabled(), true);
    await dialog.getByLabel('Name').fill('reader');
    await dialog.getByLabel('Type').selectOption('Deployment');
    await dialog.getByLabel('Write and delete keys').uncheck();
    await dialog.getByLabel('Expires after').selectOption({ label: '1 day' });
    await send.click();
    assert.match((await page.locator('.token-value').textContent()) ?? '', /^dt_\w+$/);
    await close(page);
    const { type, scopes, expiresAt } = managed.stage.tokens.get('reader')?.spec ?? {};
    assert.deepEqual([type, scopes], ['Deployment', ['kv:read']]);
    const hours = (Date.parse(expiresAt ?? '') - Date.now()) / 3_600_000;
    assert.ok(hours > 23.9 && hours <= 24, String(hours));
    await end();
  });

  test('a name that is taken is told in the dialog, which stays as it is', async () => {
    const { page, close: end } = await open('shop');
    await create(page, 'twice');
    await close(page);
    await page.getByRole('button', { name: 'Create token' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name').fill('twice');
    await dialog.getByRole('button', { name: 'Create token' }).click();
    await dialog.getByRole('alert').getByText('It is there already').waitFor();
    assert.equal(await dialog.getByLabel('Name').inputValue(), 'twice');
    await end();
  });

  test('who may only look sees the tokens, no buttons, and how they are made', async () => {
    const { page, close: end } = await open('empty', managed.reader);
    await page.getByText('This token may look at tokens, not make or revoke them').waitFor();
    await page.getByText('cubby -n cubby-tenants --store empty token create web', { exact: true }).waitFor();
    assert.equal(await page.getByRole('button', { name: /Create|Revoke/ }).count(), 0);
    assert.deepEqual(await findBarriers(page), []);
    await end();
  });
});
