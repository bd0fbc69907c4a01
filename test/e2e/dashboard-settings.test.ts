import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startBrowser } from '../browser/start.ts';
import { openPage } from '../browser/watched.ts';
import { eventually, kubectl } from './cluster.ts';
import { url } from './environment.ts';
import { createKey } from './keys.ts';
import { request } from './tenant.ts';

const TENANTS = 'cubby-tenants';
const PROJECT = 'e2e-dashboard-settings';
const ROLL_MS = 120_000;

test('a store is made, upgraded and stopped, and a token made and revoked, by the dashboard alone', async (t) => {
  t.after(async () => {
    await kubectl('delete', 'kvstore', PROJECT, '-n', TENANTS, '--ignore-not-found');
    await kubectl('delete', 'pvc', `data-${PROJECT}-redis-0`, '-n', TENANTS, '--ignore-not-found', '--wait=false');
  });
  const admin = await createKey(t, 'e2e-dashboard-admin', { role: 'SystemAdmin', scopes: ['kv:read', 'kv:write'] });
  await eventually('the key is known', 10, async () => {
    return (await request(admin, 'GET', '/core/tokens/me/scopes')).status === 200 || undefined;
  });
  const browser = await startBrowser();
  t.after(() => browser.close());
  const { page, complaints, requested } = await openPage(browser);
  await page.goto(`${url}/dashboard/#/${PROJECT}/settings`);
  await page.getByLabel('Token', { exact: true }).fill(admin);
  await page.getByRole('button', { name: 'Sign in' }).click();

  const timeline = page.getByRole('list').filter({ hasText: 'Asked' });
  const goTo = (name: string) => page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name }).click();

  await page.getByRole('heading', { name: `Set up KV for ${PROJECT}` }).waitFor();
  await page.getByLabel('Redis version').selectOption('7.0');
  await page.getByLabel('Memory for data').fill('32');
  await page.getByRole('button', { name: 'Enable KV' }).click();
  await timeline.getByText(/Redis 7\.0\.\d+ serves with 32mb/).waitFor({ timeout: ROLL_MS });

  await goTo('Tokens');
  await page.getByRole('button', { name: 'Create token' }).click();
  await page.getByRole('dialog').getByLabel('Name').fill('e2e-dashboard');
  await page.getByRole('dialog').getByRole('button', { name: 'Create token' }).click();
  const value = (await page.locator('.token-value').textContent()) ?? '';
  await page.getByLabel('I have stored it').check();
  await page.getByRole('button', { name: 'Done' }).click();
  await page
    .getByRole('row', { name: /e2e-dashboard/ })
    .getByText('Active')
    .waitFor();
  const put = await request(value, 'PUT', '/infra/kv/kept', { value: { still: 'here' } });
  assert.equal(put.status, 200, put.text);

  await goTo('KV Storage');
  await page.getByLabel('Redis version').selectOption('8.0');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Change under way').waitFor();
  await timeline.getByText(/Redis 8\.0\.\d+ serves with 32mb/).waitFor({ timeout: ROLL_MS });
  const steps = await timeline.locator('.step-title').allTextContents();
  t.diagnostic(steps.join(', '));
  // Which of them a look meets, once a second, depends on how quick the node is.
  assert.ok(/Restarting Redis|Starting Redis/.test(steps.join()), 'what went on between was shown');
  const kept = await request(value, 'GET', '/infra/kv/kept');
  assert.deepEqual(kept.body?.value, { still: 'here' }, kept.text);

  await goTo('Usage');
  await page.getByRole('region', { name: 'Requests' }).locator('canvas').waitFor();
  await page.getByRole('region', { name: 'Memory' }).locator('canvas').waitFor();

  await goTo('Tokens');
  await page.getByRole('button', { name: 'Revoke e2e-dashboard' }).click();
  await page.getByLabel('Type e2e-dashboard to confirm').fill('e2e-dashboard');
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
  await page.getByText('Revoked e2e-dashboard').waitFor();
  await eventually('the token is refused', 5, async () => {
    return (await request(value, 'GET', '/infra/kv/kept')).status === 401 || undefined;
  });

  await goTo('KV Storage');
  await page.getByRole('button', { name: 'Disable KV' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Disable KV' }).click();
  await timeline.getByText('Stopped', { exact: true }).waitFor({ timeout: ROLL_MS });
  await page.getByText('Redis does not run').waitFor();
  const asleep = await request(admin, 'GET', `/infra/kv/kept?project_id=${PROJECT}`);
  assert.equal(asleep.body.code, 'store_hibernated', asleep.text);

  assert.deepEqual(complaints, []);
  assert.ok(requested.every((asked) => asked.startsWith(url) && !asked.includes(value) && !asked.includes(admin)));
});
