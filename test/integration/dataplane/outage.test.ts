import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from '../../../dataplane/store/pool.ts';
import { startTenantRedis, type TenantRedis } from '../../contract/tenant-redis.ts';
import { type Api, startApi } from './api.ts';
import { createClient, isProblem } from './client.ts';

describe('over HTTP, one tenant’s Redis in trouble', () => {
  let sick: TenantRedis;
  let well: TenantRedis;
  let pool: Pool;
  let api: Api;
  let sickToken: string;
  let wellToken: string;
  const { get, put, remove } = createClient(() => api);

  before(async () => {
    [sick, well] = [await startTenantRedis('8.0', ['--appendonly', 'yes']), await startTenantRedis('7.0')];
    const at = (port: number) => (port === sick.server.port ? sick : well);
    ({ pool } = well.pool({ password: ({ port }) => at(port).password }));
    api = await startApi({
      stores: pool,
      endpointOf: ({ metadata }) => {
        const { host, port } = (metadata.namespace === 'sick' ? sick : well).server;
        return { host, port };
      },
    });
    sickToken = api.tenant('sick');
    wellToken = api.tenant('well');
    for (const token of [sickToken, wellToken]) assert.equal((await put('k', token, '{"value":1}')).status, 200);
  });
  after(async () => {
    api.close();
    await pool.close();
    await sick.stop();
    await well.stop();
  });

  /** The other tenant is served as ever while `trouble` lasts. */
  async function unmoved(trouble: Promise<unknown>): Promise<void> {
    let over = false;
    const ends = trouble.finally(() => {
      over = true;
    });
    let served = 0;
    while (!over) {
      assert.equal((await get('k', wellToken)).status, 200);
      served++;
      await sleep(5);
    }
    await ends;
    assert.ok(served > 20, `${served} requests are enough to tell`);
  }

  test('dead: 503 with Retry-After in bounded time, and 200 again once it is back', async () => {
    await sick.server.kill();
    const start = performance.now();
    const trouble = Promise.all([get('k', sickToken), put('k', sickToken, '{"value":2}'), remove('k', sickToken)]);
    await unmoved(trouble);
    for (const answer of await trouble) {
      isProblem(answer, 503, 'store_unavailable');
      assert.equal(answer.headers.get('retry-after'), '1');
    }
    assert.ok(performance.now() - start < 3000);
    await sick.server.restart();
    assert.equal((await get('k', sickToken)).json.value, 1);
  });

  test('hung: a write is 504, a read 503', async () => {
    const pid = Number(/process_id:(\d+)/.exec(await sick.admin().info('server'))?.[1]);
    process.kill(pid, 'SIGSTOP');
    const trouble = Promise.all([put('k', sickToken, '{"value":3}'), get('k', sickToken)]);
    await unmoved(trouble);
    process.kill(pid, 'SIGCONT');
    const [write, read] = await trouble;
    isProblem(write, 504, 'outcome_unknown', /may have been applied/);
    isProblem(read, 503, 'store_unavailable');
    assert.equal((await get('k', sickToken)).status, 200);
  });

  test('full: 507 for a write; reads and deletes work', async () => {
    const admin = sick.admin();
    await put('k', sickToken, '{"value":4}');
    await admin.config('SET', 'maxmemory', '1');
    isProblem(await put('other', sickToken, '{"value":5}'), 507, 'store_full', /spec\.memory/);
    assert.equal((await get('k', sickToken)).json.value, 4);
    assert.equal((await remove('k', sickToken)).status, 200);
    await admin.config('SET', 'maxmemory', '0');
  });

  test('a key of another Redis type: 409', async () => {
    await sick.admin().rpush('list', 'x');
    isProblem(await get('list', sickToken), 409, 'conflict');
  });

  test('no log line held what Redis said', () => {
    for (const word of ['OOM command', 'WRONGTYPE Operation', 'maxmemory', 'ECONN'])
      assert.ok(!api.logged().includes(word));
  });
});
