import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually, kubectl, read } from './cluster.ts';
import { createTenant, type Tenant } from './tenant.ts';

const SLOTS = 16_384;

interface Member {
  name: string;
  role?: string;
  ready: boolean;
  slots?: number;
}

/** The slots of the shards, by ordinal, once there are so many and nothing is on its way. */
function settled(namespace: string, shards: number, seconds: number): Promise<number[]> {
  return eventually(`${namespace}: ${shards} shards that share the slots`, seconds, async () => {
    const { metadata, status } = await read('kvstore', namespace, 'main');
    const members: Member[] = status?.members ?? [];
    const slots = members.map((member) => member.slots ?? 0);
    const isWhole = slots.reduce((sum, count) => sum + count, 0) === SLOTS && members.every(({ ready }) => ready);
    const isDone = status?.phase === 'Ready' && status.observedGeneration === metadata.generation;
    return isDone && members.length === shards && isWhole ? slots : undefined;
  });
}

/** All keys that begin so, page by page. */
async function scan(tenant: Tenant, prefix: string): Promise<Set<string>> {
  const keys = new Set<string>();
  let cursor: string | null = null;
  do {
    const query: string = cursor === null ? '' : `&cursor=${cursor}`;
    const { status, body, text } = await tenant.request('GET', `/infra/kv?prefix=${prefix}&limit=200${query}`);
    assert.equal(status, 200, text);
    for (const key of body.keys) keys.add(key);
    cursor = body.next_cursor;
  } while (cursor !== null);
  return keys;
}

test('a store of shards grows under load without a failed request, and loses none of its keys', async (t) => {
  const tenant = await createTenant(t, 'sharded', { version: '8.0', shards: 3 });
  const first = await settled('sharded', 3, 60);
  assert.ok(
    first.every((slots) => slots > 0),
    String(first),
  );
  const stay = Array.from({ length: 1000 }, (_, i) => `stay:${i}`);
  for (let i = 0; i < stay.length; i += 100) {
    const ops = stay.slice(i, i + 100).map((key) => ({ op: 'set', key, value: key }));
    const { status, body } = await tenant.request('POST', '/infra/kv', { ops });
    assert.equal(status, 200);
    assert.ok(body.results.every((result: { status: string }) => result.status === 'ok'));
  }

  let over = false;
  const counts = { requests: 0, scans: 0 };
  const sums = new Map<string, number>();
  const work = async (worker: number) => {
    for (let n = 0; !over; n++) {
      const key = `own:${worker}:${n % 200}`;
      const counter = `counter:${worker}:${n % 20}`;
      const put = await tenant.request('PUT', `/infra/kv/${key}`, { value: n });
      assert.equal(put.status, 200, put.text);
      const got = await tenant.request('GET', `/infra/kv/${key}`);
      assert.equal(got.body?.value, n, got.text);
      const sum = await tenant.request('POST', `/infra/kv/${counter}/increment`, {});
      assert.equal(sum.status, 200, sum.text);
      sums.set(counter, (sums.get(counter) ?? 0) + 1);
      assert.equal(sum.body.value, sums.get(counter));
      counts.requests += 3;
      await sleep(20);
    }
  };
  const look = async () => {
    while (!over) {
      const seen = await scan(tenant, 'stay:');
      assert.deepEqual(
        stay.filter((key) => !seen.has(key)),
        [],
      );
      counts.scans++;
      await sleep(50);
    }
  };
  const all = Promise.all([...[0, 1, 2, 3].map(work), look()]);
  all.catch(() => {
    over = true;
  });
  const began = performance.now();
  try {
    await sleep(1000);
    await kubectl('patch', 'kvstore', 'main', '-n', 'sharded', '--type=merge', '-p', '{"spec":{"shards":5}}');
    const grown = await settled('sharded', 5, 240);
    assert.ok(Math.min(...grown) >= Math.floor(SLOTS / 5), String(grown));
    t.diagnostic(`3 to 5 shards in ${Math.round((performance.now() - began) / 1000)} s`);
    await sleep(2000);
  } finally {
    over = true;
    await all;
  }
  t.diagnostic(`${counts.requests} requests and ${counts.scans} scans, none of which failed`);
  assert.ok(counts.requests > 300 && counts.scans > 3, JSON.stringify(counts));
  assert.deepEqual((await scan(tenant, 'stay:')).size, stay.length);

  await t.test('a shard that is killed fails its own keys at most, and comes back with them', async () => {
    const pod = 'main-redis-1';
    const sample = stay.slice(0, 60);
    const probe = async (key: string) => (await tenant.request('GET', `/infra/kv/${key}`)).status;
    await kubectl('delete', 'pod', '-n', 'sharded', pod, '--grace-period=0', '--force');
    // It may be back within the time that a request waits.
    const answers = await Promise.all(sample.map(probe));
    assert.ok(
      answers.every((status) => status === 200 || status === 503),
      String(answers),
    );
    const unanswered = answers.filter((status) => status === 503).length;
    assert.ok(unanswered < sample.length / 2, `${unanswered} of ${sample.length} keys went unanswered`);
    await eventually('all keys', 90, async () => {
      const seen = await Promise.all(sample.map(probe));
      return seen.every((status) => status === 200) || undefined;
    });
    await settled('sharded', 5, 60);
    assert.deepEqual((await scan(tenant, 'stay:')).size, stay.length);
  });
});
