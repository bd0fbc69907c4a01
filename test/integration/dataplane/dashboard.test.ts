import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { brotliCompressSync } from 'node:zlib';
import { createMemoryStores } from '../../../dataplane/store/memory.ts';
import { type Api, sendRaw, startApi } from './api.ts';

const INDEX = '<!doctype html><script src="assets/main-1a2b.js"></script>';
const SCRIPT = 'console.log("a dashboard");';

describe('the dashboard’s files', () => {
  let folder: string;
  let api: Api;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cubby-dashboard-'));
    await mkdir(join(folder, 'built/assets'), { recursive: true });
    await writeFile(join(folder, 'built/index.html'), INDEX);
    await writeFile(join(folder, 'built/assets/main-1a2b.js'), SCRIPT);
    await writeFile(join(folder, 'built/assets/main-1a2b.js.br'), brotliCompressSync(SCRIPT));
    await writeFile(join(folder, 'built/assets/plain-1a2b.css'), 'a{}');
    await writeFile(join(folder, 'built/assets/unknown.exe'), 'x');
    await writeFile(join(folder, 'secret.txt'), 'not served');
    api = await startApi({ stores: createMemoryStores(), dashboard: join(folder, 'built') });
  });
  after(async () => {
    api.close();
    await rm(folder, { recursive: true });
  });

  const get = (path: string, init: RequestInit = {}) => fetch(api.url + path, { redirect: 'manual', ...init });

  test('begin with a page that is asked for each time and may load from its own origin only', async () => {
    const answer = await get('/dashboard/');
    assert.deepEqual([answer.status, await answer.text()], [200, INDEX]);
    const header = (name: string) => answer.headers.get(name);
    assert.equal(header('content-type'), 'text/html; charset=utf-8');
    assert.equal(header('cache-control'), 'no-cache');
    assert.equal(header('x-content-type-options'), 'nosniff');
    assert.equal(header('referrer-policy'), 'no-referrer');
    assert.equal(header('cross-origin-opener-policy'), 'same-origin');
    const policy = header('content-security-policy')?.split('; ') ?? [];
    for (const directive of [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "connect-src 'self'",
      "frame-ancestors 'none'",
      "require-trusted-types-for 'script'",
    ])
      assert.ok(policy.includes(directive), directive);
    assert.doesNotMatch(policy.join(), /unsafe|\*|http/);
  });

  test('of hashed names are kept for good, and compressed where the client takes it', async () => {
    const path = '/dashboard/assets/main-1a2b.js';
    for (const [accepted, encoding] of [
      ['gzip, br', 'br'],
      ['br;q=0.5', 'br'],
      ['identity', null],
      ['gzip, br;q=0', null],
      ['brotli', null],
    ] as const) {
      const answer = await get(path, { headers: { 'accept-encoding': accepted } });
      assert.equal(answer.headers.get('content-encoding'), encoding, accepted);
      assert.equal(await answer.text(), SCRIPT, accepted);
      assert.equal(answer.headers.get('content-type'), 'text/javascript; charset=utf-8');
      assert.equal(answer.headers.get('cache-control'), 'public, max-age=31536000, immutable');
      assert.equal(answer.headers.get('vary'), 'Accept-Encoding');
    }
    const style = await get('/dashboard/assets/plain-1a2b.css', { headers: { 'accept-encoding': 'br' } });
    assert.deepEqual([style.headers.get('content-encoding'), await style.text()], [null, 'a{}']);
  });

  test('are those of the folder and no others, however a path is written', async () => {
    for (const path of [
      '/dashboard/nothing.js',
      '/dashboard/assets',
      '/dashboard/assets/',
      '/dashboard/assets/unknown.exe',
      '/dashboard/assets/main-1a2b.js.br',
      '/dashboard//etc/passwd',
      '/dashboard/__proto__',
    ])
      assert.equal((await get(path)).status, 404, path);
    for (const target of ['/dashboard/../secret.txt', '/dashboard/%2e%2e/secret.txt', '/dashboard/..%2fsecret.txt']) {
      const answer = await sendRaw(api.port, [`GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`]);
      assert.match(answer, /^HTTP\/1\.1 40[04] /, target);
      assert.doesNotMatch(answer, /not served/);
    }
  });

  test('are led to from /dashboard, and for browsers from /', async () => {
    const short = await get('/dashboard');
    assert.deepEqual([short.status, short.headers.get('location')], [308, '/dashboard/']);
    const browser = await get('/', { headers: { accept: 'text/html,application/xhtml+xml' } });
    assert.deepEqual([browser.status, browser.headers.get('location')], [302, '/dashboard/']);
    const program = await get('/');
    assert.deepEqual([program.status, program.headers.get('content-type')], [404, 'application/problem+json']);
  });

  test('take HEAD as other routes do, no other method, and are in no document', async () => {
    const head = await get('/dashboard/', { method: 'HEAD' });
    assert.deepEqual([head.status, head.headers.get('content-length')], [200, String(INDEX.length)]);
    const post = await get('/dashboard/', { method: 'POST' });
    assert.deepEqual([post.status, post.headers.get('allow')], [405, 'GET']);
    assert.doesNotMatch(await (await get('/openapi.json')).text(), /"\/dashboard/);
  });

  test('that were not built are 404 with the remedy, until they are; switched off there is no such route', async () => {
    const built = join(folder, 'later');
    const late = await startApi({ stores: createMemoryStores(), dashboard: built });
    const without = await startApi({ stores: createMemoryStores(), dashboard: null });
    const ask = async ({ url }: Api) => {
      const answer = await fetch(`${url}/dashboard/`);
      return [answer.status, await answer.text()] as const;
    };
    const [status, text] = await ask(late);
    assert.equal(status, 404);
    assert.match(text, /npm run build/);
    await mkdir(built);
    await writeFile(join(built, 'index.html'), INDEX);
    assert.deepEqual(await ask(late), [200, INDEX]);
    const [off, told] = await ask(without);
    assert.equal(off, 404);
    assert.match(told, /no such route/);
    late.close();
    without.close();
  });
});
