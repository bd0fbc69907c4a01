import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser } from 'playwright-core';
import { run } from '../../cluster/command.ts';
import type { OpenApiDocument } from '../../dataplane/openapi/document.ts';
import { ASSETS } from '../../dataplane/routes/docs.ts';
import { createMemoryStores } from '../../dataplane/store/memory.ts';
import { startBrowser } from '../browser/start.ts';
import { type Api, startApi } from '../integration/dataplane/api.ts';

const root = join(import.meta.dirname, '../..');

describe('the page that shows the API', () => {
  let api: Api;
  let browser: Browser;
  before(async () => {
    api = await startApi({ stores: createMemoryStores() });
    browser = await startBrowser();
  });
  after(async () => {
    await browser?.close();
    api.close();
  });

  test('lists every operation, asks no other host, breaks no rule of its policy, and can be used', async () => {
    const page = await browser.newPage();
    const [asked, complaints]: [string[], string[]] = [[], []];
    page.on('request', (request) => asked.push(request.url()));
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.goto(`${api.url}/docs`);
    await page.locator('.opblock').first().waitFor();

    const document = (await (await fetch(`${api.url}/openapi.json`)).json()) as OpenApiDocument;
    const listed = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const shown = await page.locator('.opblock').evaluateAll((blocks) =>
      blocks.map((block) => {
        const text = (selector: string) => block.querySelector(selector)?.textContent ?? '';
        return `${text('.opblock-summary-method')} ${text('.opblock-summary-path').replaceAll('\u200b', '')}`;
      }),
    );
    assert.deepEqual(shown.sort(), listed.sort());

    const block = page.locator('#operations-probes-livez');
    await block.locator('.opblock-summary-control').click();
    await block.getByRole('button', { name: 'Try it out' }).click();
    await block.getByRole('button', { name: 'Execute' }).click();
    await block.locator('.live-responses-table').getByText('200', { exact: true }).waitFor();

    assert.deepEqual(complaints, []);
    assert.ok(asked.length > 4, 'the page loaded its parts');
    for (const url of asked) assert.ok(url.startsWith(`${api.url}/`) || url.startsWith('data:'), url);
  });

  test('takes no memory from tenants, however many are slow to take it', async () => {
    // What the kernel takes of an answer counts as given, so that it takes several to be slow.
    const requests = 'GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(20);
    const sockets = Array.from({ length: 20 }, () => connect(api.port, '127.0.0.1').pause());
    const before = process.memoryUsage().arrayBuffers;
    for (const socket of sockets) socket.write(requests);
    await sleep(500);
    const connections = await new Promise((resolve) => api.server.getConnections((_, count) => resolve(count)));
    assert.ok(Number(connections) >= sockets.length, 'all are being answered');
    assert.equal(api.budget.held, 0);
    const grown = process.memoryUsage().arrayBuffers - before;
    assert.ok(grown < 20e6, `${grown} bytes`);
    for (const socket of sockets) socket.destroy();
  });
  test('comes with a policy that lets no script in, and says what each part is', async () => {
    const { headers } = await fetch(`${api.url}/docs`);
    assert.match(headers.get('content-security-policy') ?? '', /default-src 'none'/);
    assert.doesNotMatch(headers.get('content-security-policy') ?? '', /unsafe|\*|http/);
    for (const path of ['/docs', ...Object.keys(ASSETS).map((name) => `/docs/${name}`)]) {
      const answer = await fetch(api.url + path);
      assert.equal(answer.status, 200, path);
      assert.equal(answer.headers.get('x-content-type-options'), 'nosniff', path);
    }
  });
});

test('the parts of the page stand beside the bundle as they do beside the sources', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'cubby-build-'));
  try {
    await run(process.execPath, [join(root, 'tools/build.ts'), directory]);
    const [bundled, installed] = [join(directory, 'dataplane.js'), join(root, 'dataplane/main.ts')];
    for (const name of Object.keys(ASSETS)) {
      const [copy, original] = [bundled, installed].map((from) =>
        createRequire(from).resolve(`swagger-ui-dist/${name}`),
      );
      assert.ok(copy?.startsWith(directory), copy);
      assert.deepEqual(readFileSync(copy ?? ''), readFileSync(original ?? ''), name);
    }
  } finally {
    await rm(directory, { recursive: true });
  }
});
