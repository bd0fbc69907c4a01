import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import type { Pool } from '../../dataplane/store/pool.ts';
import { type Api, startApi } from '../integration/dataplane/api.ts';
import { createStage } from '../integration/dataplane/manage-editor.ts';
import * as seeds from './seeds.ts';
import { startTenantRedis, type TenantRedis } from './tenant-redis.ts';

const run = promisify(execFile);

interface Told {
  status: number;
  json: Record<string, unknown>;
}

describe('the commands of the public documents, with only host and token replaced', () => {
  let redis: TenantRedis;
  let pool: Pool;
  let api: Api;
  let home: string;
  let admin: string;
  const tokens: Record<string, string> = {};

  before(async () => {
    redis = await startTenantRedis('8.0');
    pool = redis.pool({ password: () => redis.password }).pool;
    const stage = createStage();
    api = await startApi({ stores: pool, endpointOf: () => redis.server, management: stage.management });
    stage.showIn = api.stores;
    // What the commands do not ask curl for is asked by its configuration, so that they stay as they are printed.
    home = await mkdtemp(join(tmpdir(), 'cubby-curl-'));
    await writeFile(join(home, '.curlrc'), 'silent\nshow-error\nwrite-out = "\\n%{http_code} %{content_type}"\n');
    const store = { projectId: 'shop' };
    tokens.sk_live_ = api.tenant('shop', { store, token: { name: 'sk', type: 'Project' } });
    tokens.dt_ = api.tenant('shop', { store, token: { name: 'dt', type: 'Deployment' } });
    tokens.tk_ = api.tenant('shop', { store, token: { name: 'tk', type: 'ApiKey' } });
    admin = api.tenant('cubby-system', { token: { name: 'admin', type: 'ApiKey', role: 'SystemAdmin' } });
  });
  after(async () => {
    api?.close();
    await pool?.close();
    await redis?.stop();
    await rm(home, { recursive: true, force: true });
  });

  async function shell(command: string): Promise<Told> {
    const { stdout } = await run('sh', ['-c', command], { env: { PATH: process.env.PATH, CURL_HOME: home } });
    const at = stdout.lastIndexOf('\n');
    const [status, type] = stdout.slice(at + 1).split(' ');
    assert.equal(type, Number(status) < 400 ? 'application/json' : 'application/problem+json');
    return { status: Number(status), json: JSON.parse(stdout.slice(0, at)) };
  }

  function replaced({ command, token }: seeds.Snippet, by: string): string {
    const [host] = seeds.HOSTS.filter((name) => command.includes(name));
    assert.ok(host && command.includes(`Bearer ${token}`), command);
    return command.replace(host, api.url).replace(token, by);
  }

  for (const [prefix, what] of [
    ['sk_live_', 'a project key'],
    ['dt_', 'a deployment token'],
    ['tk_', 'an API key, which names its project as well'],
  ] as const) {
    const ask = async (snippet: seeds.Snippet): Promise<Record<string, unknown>> => {
      const bound = replaced(snippet, tokens[prefix] ?? '');
      assert.match(bound, new RegExp(`Bearer ${prefix}`));
      const command = prefix === 'tk_' ? naming('shop', bound) : bound;
      const { status, json } = await shell(command);
      assert.equal(status, 200, `${snippet.name}: ${JSON.stringify(json)}`);
      return json;
    };

    test(`/infra/kv with ${what}`, async () => {
      const value = { example: 'data' };
      assert.deepEqual(await ask(seeds.putValue), { key: 'key', value, expires_at: null });
      assert.deepEqual(await ask(seeds.getValue), { key: 'key', value, expires_at: null });
      assert.deepEqual(await ask(seeds.deleteKey), { key: 'key', deleted: true, status: 'ok' });
      assert.deepEqual(await ask(seeds.incrementValue), { key: 'key', value: 1, expires_at: null, status: 'ok' });
      const scan = await ask(seeds.scanKeys);
      assert.equal(scan.status, 'ok');
      assert.ok((scan.keys as string[]).includes('key'));
      assert.equal(scan.next_cursor, null);
      assert.deepEqual(await ask(seeds.batchOperations), { results: [] });
      await ask(seeds.deleteKey);
    });

    test(`/api/kv with ${what}`, async () => {
      assert.deepEqual(await ask(seeds.kvGet), { value: null });
      assert.deepEqual(await ask(seeds.kvTtl), { ttl: -2 });
      assert.deepEqual(await ask(seeds.kvExpire), { result: 0, success: false });
      assert.deepEqual(await ask(seeds.kvSet), { result: 'OK' });
      assert.deepEqual(await ask(seeds.kvGet), { value: { role: 'admin' } });
      assert.ok([3599, 3600].includes(Number((await ask(seeds.kvTtl)).ttl)));
      assert.deepEqual(await ask(seeds.kvExpire), { result: 1, success: true });
      assert.ok([1799, 1800].includes(Number((await ask(seeds.kvTtl)).ttl)));
      assert.deepEqual(await ask(seeds.kvKeys), { keys: ['user:123:session'] });
      const before = Number((await ask(seeds.kvIncr)).value);
      assert.deepEqual(await ask(seeds.kvIncr), { value: before + 1 });
      assert.deepEqual(await ask(seeds.kvDel), { deleted: 1 });
      assert.deepEqual(await ask(seeds.kvDel), { deleted: 0 });
    });
  }

  test('an API key without project_id is told that it needs one', async () => {
    const { status, json } = await shell(replaced(seeds.kvGet, tokens.tk_ ?? ''));
    assert.equal(status, 400);
    assert.equal(json.code, 'project_required');
  });

  test('a deployment token’s project_id is ignored', async () => {
    const command = replaced(seeds.kvGet, tokens.dt_ ?? '').replace('{"key"', '{"project_id": 7, "key"');
    assert.equal((await shell(command)).status, 200);
  });

  test('the token that the documents print as an example is 401', async () => {
    for (const snippet of [seeds.getValue, seeds.kvGet]) {
      const { status, json } = await shell(replaced(snippet, snippet.token));
      assert.equal(status, 401);
      assert.equal(json.code, 'unauthorized');
    }
  });

  test('storage is enabled by a key with the role SystemAdmin, and by no other', async () => {
    const { status, json } = await shell(replaced(seeds.enable, admin));
    assert.equal(status, 200, JSON.stringify(json));
    assert.equal(json.success, true);
    assert.deepEqual(Object.keys(json), ['success', 'message', 'status']);
    for (const token of Object.values(tokens)) {
      assert.equal((await shell(replaced(seeds.enable, token))).status, 403);
    }
  });
});

/** The command with a project in its JSON body or, where it has none, in the query. */
function naming(project: string, command: string): string {
  const member = `"project_id": "${project}"`;
  if (command.includes("-d '{}'")) return command.replace("-d '{}'", `-d '{${member}}'`);
  if (command.includes("-d '{")) return command.replace("-d '{", `-d '{${member}, `);
  return command.replace(/http:\S+/, `$&?project_id=${project}`);
}
