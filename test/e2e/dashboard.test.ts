import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Scrolled, scrollToEnd } from '../browser/scroll.ts';
import { startBrowser } from '../browser/start.ts';
import { longestTask } from '../browser/tasks.ts';
import { openPage } from '../browser/watched.ts';
import { eventually, kubectl } from './cluster.ts';
import { url } from './environment.ts';
import { createTenant, tokenOf } from './tenant.ts';

const NAMESPACE = 'e2e-dashboard';
const KEYS = 100_000;

test('a project lives in the dashboard: keys written, found, counted, changed and deleted, 100,000 scrolled, sleep and waking', async (t) => {
  const tenant = await createTenant(t, NAMESPACE, { memory: '96Mi', projectId: NAMESPACE });
  const browser = await startBrowser();
  t.after(() => browser.close());
  const { page, complaints, requested } = await openPage(browser);
  await page.goto(`${url}/`);
  await page.waitForURL(`${url}/dashboard/**`);
  await page.getByLabel('Token', { exact: true }).fill(await tokenOf(NAMESPACE, 'web'));
  await page.getByRole('button', { name: 'Sign in' }).click();
  const option = (name: string) => page.getByRole('option', { name });
  const search = page.getByLabel('Search keys by prefix');
  const textOf = async (key: string) => (await tenant.request('GET', `/infra/kv/${encodeURIComponent(key)}`)).text;

  await t.test('a key is added with an expiry, and edited without losing it', async () => {
    await page.getByRole('button', { name: 'Add the first key' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name').fill('user:42');
    await dialog.getByLabel('Value').fill('{"id": 9007199254740993}');
    await dialog.getByLabel('Expires').selectOption('After');
    await dialog.getByRole('button', { name: 'Add key' }).click();
    await page.getByText('9007199254740993', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Edit' }).click();
    await page.getByRole('textbox', { name: 'Value' }).fill('{"id": 9007199254740993, "on": true}');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved').waitFor();
    assert.match(await textOf('user:42'), /\{"id": 9007199254740993, "on": true\},"expires_at":"/);
  });

  await t.test('a counter counts', async () => {
    await tenant.request('POST', '/infra/kv/hits/increment', { delta: 41 });
    await page.getByRole('button', { name: 'Refresh the list' }).click();
    await option('hits').click();
    await page.getByRole('button', { name: 'Add 1' }).click();
    await page.getByLabel('Value').getByText('42').waitFor();
  });

  await t.test('a key is deleted', async () => {
    await page.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('button', { name: 'Delete key' }).click();
    await option('hits').waitFor({ state: 'detached' });
    assert.match(await textOf('hits'), /not_found/);
  });

  await t.test('100,000 keys are scrolled to the last one, and one is found among them', async (t) => {
    await fill(tenant.request);
    await page.reload();
    await option('session:').first().waitFor();
    let seen: Scrolled = { rows: 0, rate: 0, height: 0 };
    const longest = await longestTask(browser, page, async () => {
      seen = await scrollToEnd(page);
    });
    t.diagnostic(`${seen.rate.toFixed()} frames/s, longest task ${longest.toFixed()} ms, ${seen.rows} rows at most`);
    assert.equal(seen.height, (KEYS + 1) * 40 + 8, 'every key has its row');
    assert.ok(longest <= 100, `a task of ${longest} ms`);
    await search.fill('user:');
    await option('user:42').waitFor({ timeout: 30_000 });
    await page.getByText('1 found', { exact: true }).waitFor({ timeout: 30_000 });
  });

  await t.test('a store that sleeps is said to, and its keys are there when it wakes', async () => {
    const enable = (enabled: boolean) =>
      kubectl('patch', 'kvstore', 'main', '-n', NAMESPACE, '--type=merge', '-p', JSON.stringify({ spec: { enabled } }));
    await enable(false);
    await eventually('the store is hibernated', 60, async () => {
      return (await textOf('user:42')).includes('store_hibernated') || undefined;
    });
    await page.getByRole('button', { name: 'Refresh the list' }).click();
    await page.getByText('The store is hibernated').waitFor();
    await page.getByRole('link', { name: 'Open the settings' }).waitFor();
    await enable(true);
    await eventually('the store answers', 60, async () => (await textOf('user:42')).includes('"value"') || undefined);
    await page.getByRole('button', { name: 'Try again' }).click();
    await option('user:42').waitFor();
  });

  assert.deepEqual(complaints, []);
  for (const asked of requested) assert.ok(asked.startsWith(`${url}/`), asked);
});

/** Writes the keys, a hundred a request and eight requests at a time. */
async function fill(
  request: (method: string, path: string, body: unknown) => Promise<{ status: number; text: string }>,
) {
  let next = 0;
  const work = async () => {
    while (next < KEYS) {
      const from = next;
      next += 100;
      const ops = Array.from({ length: 100 }, (_, index) => ({ op: 'set', key: `session:${from + index}`, value: 1 }));
      const { status, text } = await request('POST', '/infra/kv', { ops });
      assert.equal(status, 200, text);
    }
  };
  await Promise.all(Array.from({ length: 8 }, work));
}
