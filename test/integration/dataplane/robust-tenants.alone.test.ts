import assert from 'node:assert/strict';
import { after, before, describe, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from '../../../dataplane/store/pool.ts';
import { startTenantRedis, type TenantRedis } from '../../contract/tenant-redis.ts';
import { type Api, startApi } from './api.ts';
import { createClient } from './client.ts';

const TENANTS = 50;
const WAIT_MS = 1000;
const COMMAND_MS = 1500;

describe('one Redis in trouble among those of fifty tenants', { timeout: 180_000 }, () => {
  let sick: TenantRedis;
  let well: TenantRedis;
  let pool: Pool;
  let api: Api;
  let sickToken: string;
  const tokens: string[] = [];
  const { get, put } = createClient(() => api);

  before(async () => {
    [sick, well] = [await startTenantRedis('8.0', ['--appendonly', 'yes']), await startTenantRedis('8.0')];
    const at = (port: number) => (port === sick.server.port ? sick : well);
    ({ pool } = well.pool({ password: ({ port }) => at(port).password, commandTimeoutMs: COMMAND_MS }));
    api = await startApi({
      stores: pool,
      silent: true,
      endpointOf: ({ metadata }) => {
        const { host, port } = (metadata.namespace === 'sick' ? sick : well).server;
        return { host, port };
      },
    });
    sickToken = api.tenant('sick');
    for (let i = 1; i < TENANTS; i++) tokens.push(api.tenant(`well-${i}`));
    for (const token of [sickToken, ...tokens]) assert.equal((await put('k', token, '{"value":1}')).status, 200);
  });
  after(async () => {
    api.close();
    await pool.close();
    await sick.stop();
    await well.stop();
  });

  /** Every tenant but one reads in turn, 4 at a time, for so long; the sorted times in ms. None may fail. */
  async function others(ms: number): Promise<number[]> {
    const times: number[] = [];
    const until = performance.now() + ms;
    let next = 0;
    const reader = async () => {
      while (performance.now() < until) {
        const token = tokens[next++ % tokens.length] ?? '';
        const start = performance.now();
        const { status } = await get('k', token);
        times.push(performance.now() - start);
        assert.equal(status, 200);
      }
    };
    await Promise.all(Array.from({ length: 4 }, reader));
    return times.sort((a, b) => a - b);
  }

  const percentile = (times: readonly number[], part: number) => times[Math.floor(times.length * part)] ?? 0;

  /** The sick tenant goes on asking; how its requests ended, and the longest. */
  function insist() {
    const statuses = new Map<number, number>();
    let longestMs = 0;
    let over = false;
    const client = async (n: number) => {
      while (!over) {
        const start = performance.now();
        const answer = n % 2 === 0 ? await get('k', sickToken) : await put(`k${n}`, sickToken, '{"value":2}');
        longestMs = Math.max(longestMs, performance.now() - start);
        statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
        if (answer.status === 503) assert.ok(Number(answer.headers.get('retry-after')) >= 1);
      }
    };
    const clients = Promise.all(Array.from({ length: 20 }, (_, n) => client(n)));
    return async () => {
      over = true;
      await clients;
      return { statuses, longestMs };
    };
  }

  async function unmoved(t: TestContext, allowed: readonly number[]): Promise<void> {
    const before = await others(1500);
    const stop = insist();
    await sleep(100);
    const during = await others(4000);
    assert.equal((await fetch(`${api.url}/readyz`)).status, 200);
    assert.equal((await fetch(`${api.url}/livez`)).status, 200);
    const { statuses, longestMs } = await stop();
    for (const status of statuses.keys()) assert.ok(allowed.includes(status), `${status} of the sick tenant`);
    assert.ok(longestMs < WAIT_MS + COMMAND_MS + 1500, `${longestMs} ms`);
    const [calm, moved] = [percentile(before, 0.99), percentile(during, 0.99)];
    t.diagnostic(`others: p99 ${calm.toFixed(1)} ms before, ${moved.toFixed(1)} ms during, ${during.length} requests`);
    assert.ok(during.length > 500, `${during.length} requests of others`);
    // Far below what the sick tenant waits, whatever else this machine does meanwhile.
    assert.ok(moved < Math.max(10 * calm, 100), `p99 of others went from ${calm} to ${moved} ms`);
  }

  test('hung: the others are served as ever, the process is ready, and only that tenant gets 503 and 504', async (t) => {
    const info = await sick.admin().info('server');
    const pid = Number(/process_id:(\d+)/.exec(info)?.[1]);
    process.kill(pid, 'SIGSTOP');
    try {
      await unmoved(t, [503, 504]);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    await recovered();
  });

  test('dead: the others are served as ever, the process is ready, and only that tenant gets 503 and 504', async (t) => {
    await sick.server.kill();
    try {
      await unmoved(t, [503, 504]);
    } finally {
      await sick.server.restart();
    }
    await recovered();
  });

  async function recovered(): Promise<void> {
    const deadline = performance.now() + 10_000;
    while ((await get('k', sickToken)).status !== 200) assert.ok(performance.now() < deadline, 'it recovers');
  }

  test('killed and restarted under load, over and over: nothing acknowledged is lost, and no request waits without end', async (t) => {
    const acknowledged = new Map<string, string>();
    const statuses = new Map<number, number>();
    let longestMs = 0;
    let over = false;
    const writer = async (n: number) => {
      for (let i = 0; !over; i++) {
        const [key, value] = [`w${n}-${i}`, `${n}:${i}:${Math.random()}`];
        const start = performance.now();
        const { status, headers } = await put(key, sickToken, JSON.stringify({ value }));
        longestMs = Math.max(longestMs, performance.now() - start);
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        if (status === 200) acknowledged.set(key, value);
        else assert.ok(status === 504 || (status === 503 && headers.has('retry-after')), `${status}`);
      }
    };
    const writers = Promise.all(Array.from({ length: 16 }, (_, n) => writer(n)));
    const kills = 5;
    for (let i = 0; i < kills; i++) {
      const enough = acknowledged.size + 200;
      const deadline = performance.now() + 20_000;
      while (acknowledged.size < enough) {
        assert.ok(performance.now() < deadline, 'it is written again after a restart');
        await sleep(5);
      }
      await sick.server.kill();
      if (i === 0) await sleep(WAIT_MS + 500);
      await sick.server.restart();
    }
    await sleep(200);
    over = true;
    await writers;
    await recovered();
    t.diagnostic(
      `${acknowledged.size} acknowledged; ${JSON.stringify([...statuses])}; longest ${longestMs.toFixed(0)} ms`,
    );
    assert.ok((statuses.get(503) ?? 0) > 0, 'an outage beyond the wait is 503');
    assert.ok(longestMs < WAIT_MS + COMMAND_MS + 1500, `${longestMs} ms`);
    const lost: string[] = [];
    for (const [key, value] of acknowledged) {
      if ((await get(key, sickToken)).json.value !== value) lost.push(key);
    }
    assert.deepEqual(lost, []);
  });
});
