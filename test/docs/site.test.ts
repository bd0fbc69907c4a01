import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, extname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { run } from '../../cluster/command.ts';
import { sidebar } from '../../docs/.vitepress/sidebar.ts';
import { startBrowser } from '../browser/start.ts';

const root = join(import.meta.dirname, '../..');
const links = sidebar.flatMap(({ items }) => items.map(({ link }) => link));

test('the sidebar has every page once, and no other', () => {
  const pages = globSync('**/*.md', { cwd: join(root, 'docs'), exclude: ['.vitepress/**'] });
  assert.deepEqual(
    [...links].sort(),
    pages.map((file) => `/${file.replace(/(README)?\.md$/, (_, name) => (name ? 'index' : ''))}`).sort(),
  );
});

describe('the site', () => {
  let site: string;
  let files: Map<string, string>;
  before(async () => {
    site = await mkdtemp(join(tmpdir(), 'cubby-site-'));
    // Without a network at all; a link to a page that is not there ends the build.
    const build = [join(root, 'node_modules/.bin/vitepress'), 'build', 'docs', '--outDir', site];
    await run('unshare', ['--net', '--', ...build], { cwd: root });
    const names = globSync('**/*.html', { cwd: site });
    files = new Map(names.map((name) => [`/${name}`, readFileSync(join(site, name), 'utf8')]));
  });
  after(() => rm(site, { recursive: true, force: true }));

  test('has every page of the sidebar', () => {
    for (const link of links) assert.ok(files.has(`${link}.html`), link);
  });

  test('has what every link to a part of a page leads to', () => {
    let seen = 0;
    for (const [name, html] of files) {
      for (const [, href = ''] of html.matchAll(/<a [^>]*?href="([^"]*#[^"]*)"/g)) {
        if (/^[a-z]+:/.test(href)) continue;
        const [path = '', part = ''] = href.split('#');
        const target = path === '' ? name : join('/', dirname(name), path.startsWith('/') ? `/${path}` : path);
        const page = files.get(path.startsWith('/') ? path : target);
        assert.ok(page?.includes(`id="${decodeURIComponent(part)}"`), `${name}: ${href}`);
        seen++;
      }
    }
    assert.ok(seen > 100, `${seen} links`);
  });

  test('names no other host in anything that a browser loads by itself', () => {
    const loads = /<(?:script|img|source|iframe)\b[^>]*?\bsrc(?:set)?="([^"]*)"|<link\b[^>]*?\bhref="([^"]*)"/g;
    const styles = globSync('**/*.css', { cwd: site }).map((name) => readFileSync(join(site, name), 'utf8'));
    const named = [
      ...[...files.values()].flatMap((html) => [...html.matchAll(loads)].map(([, src, href]) => src ?? href ?? '')),
      ...styles.flatMap((css) => [...css.matchAll(/(?:url\(|@import )["']?([^"')]*)/g)].map(([, url = '']) => url)),
    ];
    assert.ok(named.length > files.size, `${named.length} names`);
    assert.deepEqual(
      named.filter((name) => /^(https?:)?\/\//.test(name)),
      [],
    );
  });

  describe('in a browser', () => {
    let server: Server;
    let origin: string;
    let browser: Browser;
    before(async () => {
      server = serve(site);
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      browser = await startBrowser();
    });
    after(async () => {
      await browser?.close();
      server?.close();
      server?.closeAllConnections();
    });

    test('asks no other host, complains of nothing, and finds what is searched for', async () => {
      const page = await browser.newPage({ colorScheme: 'dark' });
      const [asked, complaints]: [string[], string[]] = [[], []];
      page.on('request', (request) => asked.push(request.url()));
      page.on('response', (answer) => answer.ok() || complaints.push(`${answer.status()} ${answer.url()}`));
      page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
      page.on('pageerror', (error) => complaints.push(error.message));
      for (const link of sidebar.flatMap(({ items: [first] }) => first?.link ?? [])) {
        await page.goto(`${origin}${link === '/index' ? '/' : link}.html`.replace('/.html', '/'));
        await page.locator('h1').first().waitFor();
      }
      assert.ok(await page.locator('html.dark').count(), 'dark where the reader has it so');

      await page.goto(`${origin}/conditions.html`);
      await page.locator('.DocSearch-Button').first().click();
      await page.locator('.search-input').fill('PersistenceFailing');
      await page.locator('.results .result').first().waitFor();

      assert.deepEqual(complaints, []);
      assert.ok(asked.length > sidebar.length, 'pages were loaded');
      assert.deepEqual(
        asked.filter((url) => !url.startsWith(`${origin}/`) && !/^(data|blob):/.test(url)),
        [],
      );
    });

    test('shows every column of a reference on a screen of 1280 pixels', async () => {
      const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
      for (const link of links.filter((name) => name.startsWith('/reference/'))) {
        await page.goto(`${origin}${link}.html`);
        await page.locator('h1').first().waitFor();
        const cut = await page.locator('.vp-doc table').evaluateAll((tables) => {
          const hidden = tables.filter(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth);
          return { of: tables.length, hidden: hidden.map(({ textContent }) => textContent?.slice(0, 80)) };
        });
        assert.ok(cut.of > 0, link);
        assert.deepEqual(cut.hidden, [], link);
      }
    });
  });
});

const TYPES: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' };

/** Serves the files of a folder as they are. */
function serve(folder: string): Server {
  return createServer(({ url = '/' }, response) => {
    const path = decodeURIComponent(new URL(url, 'http://127.0.0.1').pathname);
    const file = join(folder, path.endsWith('/') ? `${path}index.html` : path);
    if (!existsSync(file)) return void response.writeHead(404).end();
    response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream' });
    response.end(readFileSync(file));
  });
}
