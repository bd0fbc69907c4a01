import type { Browser, BrowserContextOptions, Page } from 'playwright-core';

/** A page that notes what it must not do. */
export interface WatchedPage {
  page: Page;
  /** Every URL that was asked for. */
  requested: string[];
  /** Errors of scripts and the console, and what the page's Content-Security-Policy refused. */
  complaints: string[];
  close(): Promise<void>;
}

/** How wide and in which colours a page is looked at. */
export const VIEWS = {
  desktop: { viewport: { width: 1280, height: 800 } },
  dark: { viewport: { width: 1280, height: 800 }, colorScheme: 'dark' },
  phone: { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true },
} satisfies Record<string, BrowserContextOptions>;

/** Opens a page of a browser context of its own, so that it shares no storage with others. */
export async function openPage(browser: Browser, view: BrowserContextOptions = VIEWS.desktop): Promise<WatchedPage> {
  const context = await browser.newContext({ ...view, reducedMotion: 'reduce' });
  context.setDefaultTimeout(15_000);
  const page = await context.newPage();
  const [requested, complaints]: [string[], string[]] = [[], []];
  page.on('request', (request) => requested.push(request.url()));
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    // Chromium writes every answer that is an error to the console; those are the API's.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
      complaints.push(message.text());
  });
  return { page, requested, complaints, close: () => context.close() };
}
