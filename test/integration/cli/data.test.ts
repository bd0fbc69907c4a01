import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createMemoryStores } from '../../../dataplane/store/memory.ts';
import { type Api, startApi } from '../dataplane/api.ts';
import { type Outcome, type RunOptions, runCubby } from './cubby.ts';

let api: Api;
let env: Record<string, string>;
before(async () => {
  api = await startApi({ stores: createMemoryStores() });
  env = { CUBBY_URL: api.url, CUBBY_TOKEN: api.tenant('cli') };
});
after(() => api.close());

const cubby = (args: readonly string[], options: RunOptions = {}): Promise<Outcome> =>
  runCubby(args, { ...options, env: { ...env, ...options.env } });

/** What a run prints that ends well. */
async function prints(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await cubby(args);
  assert.equal(code, 0, stderr);
  return stdout;
}

describe('keys and values', () => {
  test('a value comes out as it went in, to the byte', async () => {
    const values = ['1.0', '9007199254740993', '{"b":1e400, "1":[]}', 'hello world', '', 'true', 'ünï\u2028'];
    for (const value of values) {
      assert.equal(await prints('set', 'k', value), 'OK\n');
      assert.equal(await prints('get', 'k'), `${value}\n`);
    }
  });

  test('a stored null is no missing key', async () => {
    await prints('set', 'nothing', 'null');
    assert.equal(await prints('get', 'nothing'), 'null\n');
    const { code, stdout, stderr } = await cubby(['get', 'missing']);
    assert.deepEqual([code, stdout], [3, '']);
    assert.match(stderr, /there is no key missing\n {2}cubby scan/);
  });

  test('-o json gives value, key and expiry, and numbers as they are stored', async () => {
    await prints('set', 'j', '{"n":9007199254740993}', '--ttl', '1h');
    const text = await prints('get', 'j', '-o', 'json');
    assert.match(text, /"n": 9007199254740993\n/);
    const { key, expires_at } = JSON.parse(text);
    assert.equal(key, 'j');
    assert.ok(Math.abs(Date.parse(expires_at) - Date.now() - 3_600_000) < 60_000, expires_at);
    assert.match(await prints('get', 'j', '-o', 'yaml'), /n: 9007199254740993/);
  });

  test('a value is read from standard input, without its last newline', async () => {
    assert.equal((await cubby(['set', 'in', '-', '--string'], { input: '{"a":1}\n\n' })).code, 0);
    assert.equal(await prints('get', 'in'), '{"a":1}\n\n');
    const { code, stderr } = await cubby(['set', 'in', '-'], { input: 'x'.repeat(300_000) });
    assert.deepEqual([code, /262144 bytes/.test(stderr)], [2, true]);
  });

  test('an expiry is set, changed and told', async () => {
    await prints('set', 't', 'x', '--ttl', '90s');
    assert.match(await prints('ttl', 't'), /^(90|89)\n$/);
    await prints('expire', 't', '2h');
    const { ttl } = JSON.parse(await prints('ttl', 't', '-o', 'json'));
    assert.ok(ttl > 7000 && ttl <= 7200, ttl);
    await prints('set', 't', 'x');
    assert.equal(await prints('ttl', 't'), '-1\n');
    assert.equal((await cubby(['ttl', 'missing'])).code, 3);
    assert.equal((await cubby(['expire', 'missing', '1s'])).code, 3);
  });

  test('numbers are added to, and what stands against it is a conflict', async () => {
    assert.equal(await prints('incr', 'n'), '1\n');
    assert.equal(await prints('incr', 'n', '-5'), '-4\n');
    await prints('set', 'word', 'x');
    assert.equal((await cubby(['incr', 'word'])).code, 7);
    assert.equal((await cubby(['set', 'word', 'y', '--if-not-exists'])).code, 7);
    assert.equal(await prints('get', 'word'), 'x\n');
  });

  test('names are listed by prefix, by page, and all', async () => {
    await Promise.all(Array.from({ length: 7 }, (_, index) => prints('set', `page:${index}`, '1')));
    assert.equal((await prints('scan', 'page:')).split('\n').length - 1, 7);
    const first = JSON.parse(await prints('scan', 'page:', '--limit', '3', '-o', 'json'));
    assert.equal(first.keys.length, 3);
    const rest = JSON.parse(await prints('scan', 'page:', '--cursor', first.next_cursor, '-o', 'json'));
    assert.deepEqual(
      [...first.keys, ...rest.keys].sort(),
      Array.from({ length: 7 }, (_, index) => `page:${index}`),
    );
    assert.equal(rest.next_cursor, null);
    assert.equal((await prints('scan', 'page:', '--all')).split('\n').length - 1, 7);
    const { stderr } = await cubby(['scan', 'page:', '--limit', '3']);
    assert.match(stderr, /more with --cursor .+ or all with --all/);
  });

  test('keys are deleted, and how many there were is told', async () => {
    await prints('set', 'd1', '1');
    await prints('set', 'd2', '1');
    assert.equal(await prints('del', 'd1', 'd2', 'd3'), '2\n');
  });

  test('a key that begins with a dash is one behind --', async () => {
    await prints('set', '--', '-k', '-v');
    assert.equal(await prints('get', '--', '-k'), '-v\n');
  });
});

describe('access', () => {
  test('a token of a file goes before the one of the environment, and is never shown', async (t) => {
    const directory = mkdtempSync(join(tmpdir(), 'cubby-cli-'));
    t.after(() => rmSync(directory, { recursive: true }));
    const file = join(directory, 'token');
    const reader = api.tenant('reader', { token: { scopes: ['kv:read'] } });
    writeFileSync(file, `${reader}\n`);
    const { code, stderr } = await cubby(['set', 'a', '1', '--token-file', file]);
    assert.equal(code, 4);
    assert.match(stderr, /kv:write/);
    assert.ok(!stderr.includes(reader));
    assert.equal((await cubby(['get', 'a', '--token-file', join(directory, 'none')])).code, 2);
  });

  test('a mistyped token is told from one that is refused', async () => {
    const token = env.CUBBY_TOKEN ?? '';
    const mistyped = await cubby(['get', 'a'], { env: { CUBBY_TOKEN: `${token.slice(0, -1)}_` } });
    assert.equal(mistyped.code, 4);
    assert.match(mistyped.stderr, /CUBBY_TOKEN holds no whole token/);
    assert.ok(!mistyped.stderr.includes(token.slice(8, 20)));
  });

  test('an API key needs a project, and reaches it with --project', async () => {
    const key = api.tenant('keys', { token: { type: 'ApiKey', scopes: ['kv:read', 'kv:write'] } });
    const own = { env: { CUBBY_TOKEN: key } };
    const without = await cubby(['get', 'a'], own);
    assert.equal(without.code, 2);
    assert.match(without.stderr, /name the project with --project/);
    assert.equal((await cubby(['set', 'a', '1', '--project', 'project-keys'], own)).code, 0);
    assert.equal((await cubby(['get', 'a', '--project', 'project-cli'], own)).code, 3);
  });

  test('without a cluster and a token, both ways in are named', async () => {
    const { code, stderr } = await runCubby(['get', 'a']);
    assert.equal(code, 5);
    assert.match(stderr, /CUBBY_TOKEN/);
    assert.match(stderr, /--kubeconfig/);
  });

  test('an address where nobody answers is unavailable for a read, and an unknown outcome at most for a write', async () => {
    const nobody = { env: { CUBBY_URL: 'http://127.0.0.1:9' } };
    assert.equal((await cubby(['get', 'a'], nobody)).code, 5);
    assert.ok([5, 6].includes((await cubby(['set', 'a', '1'], nobody)).code ?? 0));
  });
});

describe('a server that goes silent', () => {
  const silent = createServer(() => {});
  before(() => new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve)));
  after(() => {
    silent.close();
    silent.closeAllConnections();
  });
  const options = () => ({ env: { CUBBY_URL: `http://127.0.0.1:${(silent.address() as AddressInfo).port}` } });

  test('a write that is not answered in time has an unknown outcome, a read is unavailable', async () => {
    const write = await cubby(['set', 'a', '1', '--timeout', '1s'], options());
    assert.equal(write.code, 6);
    assert.match(write.stderr, /may have been applied/);
    assert.equal((await cubby(['get', 'a', '--timeout', '1s'], options())).code, 5);
  });

  test('Ctrl-C ends at once and says what may have been done', async () => {
    const start = performance.now();
    const child = cubby(['set', 'a', '-', '--timeout', '1m'], {
      ...options(),
      input: '{broken',
      interruptAt: /note: /,
    });
    const { code, stderr } = await child;
    assert.equal(code, 130);
    assert.match(stderr, /interrupted/);
    assert.ok(performance.now() - start < 10_000);
  });
});

describe('the program', () => {
  test('usage errors end with 2, name the option, and send nothing', async () => {
    const before = api.logged().length;
    const wrong = [
      ['get'],
      ['set', 'k', 'v', '--ttl', 'soon'],
      ['bogus'],
      ['get', 'k', '--bogus'],
      ['get', 'k', '-o', 'xml'],
    ];
    for (const args of wrong) {
      const { code, stderr } = await cubby(args);
      assert.equal(code, 2, args.join(' '));
      assert.match(stderr, /^error: /);
    }
    assert.equal(api.logged().length, before);
  });

  test('help and version are answers', async () => {
    for (const args of [[], ['--help'], ['help', 'set'], ['set', '--help'], ['version'], ['--version']]) {
      const { code, stdout, stderr } = await cubby(args);
      assert.deepEqual([code, stderr], [0, ''], args.join(' '));
      assert.match(stdout, /cubby/);
    }
  });

  test('a reader that has seen enough ends it quietly', async () => {
    const command = `'${process.execPath}' cli/main.ts scan --all | head -n 1`;
    const child = spawn('bash', ['-c', `set -o pipefail; ${command}`], {
      cwd: join(import.meta.dirname, '../../..'),
      env: { PATH: process.env.PATH, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stderr = '';
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    const code = await new Promise((resolve) => child.once('close', resolve));
    assert.deepEqual([code, stderr], [0, '']);
  });
});
