import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions } from 'playwright-core';
import { createMemoryStores } from '../../../dataplane/store/memory.ts';
import { buildDashboard } from '../../../tools/build/dashboard.ts';
import { startBrowser } from '../../browser/start.ts';
import { openPage, type WatchedPage } from '../../browser/watched.ts';
import { type Api, type ApiOptions, startApi } from '../dataplane/api.ts';

/** A data plane that serves the dashboard as it is in the sources now, and a browser to look at it. */
export interface Dashboard {
  api: Api;
  browser: Browser;
  /** Where the built files are. */
  folder: string;
  /** Opens the dashboard at a place, such as `/shop/usage`, signed in where there is a token. */
  open(options?: OpenOptions): Promise<WatchedPage>;
  close(): Promise<void>;
}

interface OpenOptions {
  token?: string;
  at?: string;
  view?: BrowserContextOptions;
}

const root = join(import.meta.dirname, '../../..');

/** Builds the dashboard, and starts both. Stores are of memory where `options` do not say otherwise. */
export async function startDashboard(options: Partial<ApiOptions> = {}): Promise<Dashboard> {
  const folder = await mkdtemp(join(tmpdir(), 'cubby-dashboard-'));
  await buildDashboard(root, folder);
  const api = await startApi({ stores: createMemoryStores(), ...options, dashboard: folder });
  const browser = await startBrowser();
  return {
    api,
    browser,
    folder,
    async open({ token, at = '/', view } = {}) {
      const watched = await openPage(browser, view);
      await watched.page.goto(`${api.url}/dashboard/#${at}`);
      if (token !== undefined) await signIn(watched, token);
      return watched;
    },
    async close() {
      await browser.close();
      api.close();
      await rm(folder, { recursive: true });
    },
  };
}

async function signIn({ page }: WatchedPage, token: string): Promise<void> {
  await page.getByLabel('Token', { exact: true }).fill(token);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.locator('.shell, .chooser').first().waitFor();
}
