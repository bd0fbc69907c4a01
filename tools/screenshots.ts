// Takes the pictures of the dashboard for docs/public/screenshots, on the cluster of `npm start`: each page by day, by
// night and on a phone. What it makes there is removed again.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Page } from 'playwright-core';
import { ensurePackages } from '../cluster/packages.ts';
import { consoleProgress } from '../cluster/progress.ts';
import { createClient, createManagementClient } from '../sdk/src/index.ts';
import { startBrowser } from '../test/browser/start.ts';
import { openPage, VIEWS } from '../test/browser/watched.ts';
import { apply, eventually, kubectl } from '../test/e2e/cluster.ts';
import { url } from '../test/e2e/environment.ts';
import { createKey } from '../test/e2e/keys.ts';

const { values } = parseArgs({ options: { out: { type: 'string' } } });
const folder = values.out ?? join(import.meta.dirname, '../docs/public/screenshots');
const PROJECT = 'web-shop';
const TENANTS = 'cubby-tenants';

/** Each picture: where it is taken, and what has to be there first. */
const SCENES: Record<string, { at: string; reach(page: Page): Promise<unknown> }> = {
  keys: { at: 'kv', reach: (page) => page.getByRole('option').nth(8).waitFor() },
  value: {
    at: `kv/${encodeURIComponent('session:u_8f2k1')}`,
    async reach(page) {
      await page.getByLabel('Search keys by prefix').fill('session:');
      await page.getByText('41 found').waitFor();
      await page.locator('.value-text').waitFor();
    },
  },
  counter: { at: `kv/${encodeURIComponent('views:pricing')}`, reach: (page) => page.locator('.counter').waitFor() },
  'add-key': {
    at: 'kv',
    async reach(page) {
      await page.getByRole('button', { name: 'Add key' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel('Name').fill('flag:new-checkout');
      await dialog.getByLabel('Value').fill('{\n  "on": true,\n  "share": 0.25\n}');
      await dialog.getByLabel('Expires').selectOption('After');
      await dialog.getByLabel('Name').focus();
    },
  },
  usage: { at: 'usage', reach: (page) => page.locator('canvas').nth(1).waitFor() },
  settings: { at: 'settings', reach: (page) => page.getByRole('button', { name: 'Disable KV' }).waitFor() },
  backups: { at: 'backups', reach: (page) => page.getByText('Complete').nth(1).waitFor() },
  tokens: { at: 'tokens', reach: (page) => page.getByRole('row').nth(1).waitFor() },
};

const undo: (() => unknown)[] = [];
const browser = await startBrowser();
try {
  // The pages ask for the device's own font, which a bare machine lacks.
  await ensurePackages(['fonts-inter', 'fonts-jetbrains-mono'], consoleProgress);
  await mkdir(folder, { recursive: true });
  const token = await prepare();
  for (const [view, options] of Object.entries(VIEWS)) {
    const { page, close } = await openPage(browser, { ...options, deviceScaleFactor: 1.5 });
    await page.goto(`${url}/dashboard/`);
    const field = page.getByLabel('Token', { exact: true });
    await field.waitFor();
    await page.screenshot({ path: join(folder, `sign-in-${view}.png`) });
    await field.fill(token);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('link', { name: PROJECT }).waitFor();
    for (const [name, { at, reach }] of Object.entries(SCENES)) {
      await page.goto(`${url}/dashboard/#/${PROJECT}/${at}`);
      await reach(page);
      await page.waitForTimeout(400);
      await page.screenshot({ path: join(folder, `${name}-${view}.png`) });
      await page.reload();
    }
    console.log(`${view}: ${Object.keys(SCENES).length + 1} pictures`);
    await close();
  }
} finally {
  await browser.close();
  for (const step of undo.reverse()) await step();
}

/** Makes the project with keys, a past of a few minutes and a second token; resolves to a key that may do everything. */
async function prepare(): Promise<string> {
  const after = (step: unknown) => void undo.push(step as () => unknown);
  undo.push(() =>
    kubectl('delete', 'pvc', `data-${PROJECT}-redis-0`, '-n', TENANTS, '--ignore-not-found', '--wait=false'),
  );
  undo.push(() => kubectl('delete', 'kvtoken,kvstore', '-n', TENANTS, '-l', `screenshots=${PROJECT}`));
  const token = await createKey({ after }, 'screenshots', { role: 'SystemAdmin', scopes: ['kv:read', 'kv:write'] });
  const management = createManagementClient({ baseUrl: url, token, projectId: PROJECT });
  await eventually('the key is known', 10, () => management.scopes());
  await management.enable({ version: '8.0', maxMemory: '64mb' });
  const limits = { spec: { limits: { tokensPerMonth: '0.01' } }, metadata: { labels: { screenshots: PROJECT } } };
  await kubectl('patch', 'kvstore', PROJECT, '-n', TENANTS, '--type=merge', '-p', JSON.stringify(limits));
  await eventually('the store serves', 120, async () => (await management.status()).healthy || undefined);
  for (const name of ['web', 'preview']) {
    await management.tokens.create({ name: `${PROJECT}-${name}`, type: name === 'web' ? 'Project' : 'Deployment' });
    await kubectl('label', 'kvtoken', `${PROJECT}-${name}`, '-n', TENANTS, `screenshots=${PROJECT}`);
  }
  await fill(createClient(token, { baseUrl: url, projectId: PROJECT }).infra.kv);
  await backUp(management);
  return token;
}

/** Makes two backups on a volume, and a schedule for further ones. */
async function backUp({ backups }: ReturnType<typeof createManagementClient>): Promise<void> {
  const claim = {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: `${PROJECT}-backups`, namespace: TENANTS },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  };
  await apply(claim);
  undo.push(() => kubectl('delete', 'pvc', claim.metadata.name, '-n', TENANTS, '--wait=false'));
  await backups.setPlace({ volume: { claim_name: claim.metadata.name } });
  for (const name of ['before-sale', 'after-sale']) {
    undo.push(() => kubectl('delete', 'kvbackup', name, '-n', TENANTS, '--ignore-not-found'));
    await backups.create({ name });
    await eventually(
      `the backup ${name}`,
      120,
      async () => (await backups.get(name)).state === 'completed' || undefined,
    );
  }
  undo.push(() => kubectl('delete', 'kvbackupschedule', 'nightly', '-n', TENANTS, '--ignore-not-found'));
  await backups.schedules.put('nightly', { schedule: '0 3 * * *', timeZone: 'Europe/Berlin', keepCount: 7 });
}

/** What a shop would keep. */
async function fill(kv: ReturnType<typeof createClient>['infra']['kv']): Promise<void> {
  const day = 86_400;
  const session = {
    user: 'u_8f2k1',
    name: 'Ada Lovelace',
    role: 'admin',
    signed_in_at: '2026-11-20T10:04:31Z',
    flags: { beta: true, quota: null },
    carts: [
      { id: 1201, total: 84.5 },
      { id: 1377, total: 12 },
    ],
  };
  await kv.set('session:u_8f2k1', session, { ttl: day + 4210 });
  const of = (count: number, key: (index: number) => string, value: (index: number) => unknown, ttl?: number) =>
    Array.from({ length: count }, (_, index) => ({ op: 'set' as const, key: key(index), value: value(index), ttl }));
  const id = (index: number) => ((index + 3) * 7919 * 104_729).toString(36).slice(-5);
  await kv.batch(
    of(
      40,
      (i) => `session:u_${id(i)}`,
      (i) => ({ user: `u_${id(i)}` }),
      day,
    ),
  );
  await kv.batch(
    of(
      30,
      (i) => `cart:${1200 + i * 13}`,
      (i) => [{ sku: `A-${i}`, count: 2 }],
      7 * day,
    ),
  );
  const pages = ['home', 'pricing', 'docs', 'blog'];
  await kv.batch(
    of(
      4,
      (i) => `views:${pages[i]}`,
      (i) => 128_419 - i * 31_077,
    ),
  );
  await kv.batch(
    of(
      3,
      (i) => `flag:${['dark-mode', 'search-v2', 'gift-cards'][i]}`,
      (i) => i !== 1,
    ),
  );
  for (let round = 0; round < 60; round++) {
    await kv.increment('views:home');
    await kv.get('session:u_8f2k1');
    await kv.get('views:pricing');
  }
  await kv.scan({ prefix: 'cart:' });
}
