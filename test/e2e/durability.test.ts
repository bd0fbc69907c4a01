// A sample of `npm run bench -- durability`, which has the figures of docs/durability.md.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { startLoad } from '../durability/load.ts';
import { awaitWritten, findInPod } from '../durability/processes.ts';
import { countLost } from '../durability/verdict.ts';
import { eventually, kubectl, read } from './cluster.ts';
import { createTenant, type Tenant } from './tenant.ts';

/** Acknowledged writes before a fault and again after the recovery, so that there is something to lose. */
const TRAFFIC = 100;

/** Writes while `fault` happens and after it, and judges what is there then. */
async function judgeAfter(tenant: Tenant, prefix: string, fault: () => Promise<unknown>) {
  const load = startLoad(tenant, { prefix });
  try {
    await load.more(TRAFFIC);
    await fault();
    await load.more(TRAFFIC);
  } finally {
    await load.stop();
  }
  return load.verdict();
}

const podOf = ({ namespace }: Tenant) => read('pod', namespace, 'main-redis-0');

/** Ends the store's Redis by SIGKILL where its node is this machine, and its pod by force where it is not. */
async function killRedis(tenant: Tenant): Promise<void> {
  const [pid] = findInPod((await podOf(tenant)).metadata.uid, 'redis-server');
  if (pid === undefined) return deletePod(tenant);
  await awaitWritten(pid);
  process.kill(pid, 'SIGKILL');
}

/** Deletes the store's pod by force, and waits for its successor, which knows no back-off of the kubelet's. */
async function deletePod(tenant: Tenant): Promise<void> {
  const { uid } = (await podOf(tenant)).metadata;
  const name = ['main-redis-0', '-n', tenant.namespace];
  await kubectl('delete', 'pod', ...name, '--grace-period=0', '--force', '--wait=false');
  await eventually('a new pod', 60, async () => {
    const pod = await podOf(tenant);
    return (pod && pod.metadata.uid !== uid && pod.status.containerStatuses?.[0]?.ready) || undefined;
  });
}

/** Writes of a load survive its store's Redis being killed, and its pod being deleted by force. */
async function survivesKills(tenant: Tenant): Promise<void> {
  for (const [prefix, fault] of Object.entries({ killed: killRedis, deleted: deletePod })) {
    const { lost, resurrected } = await judgeAfter(tenant, prefix, () => fault(tenant));
    assert.deepEqual({ lost, resurrected }, { lost: [], resurrected: [] }, prefix);
  }
}

describe('Redis killed under load', { concurrency: true }, () => {
  for (const fsync of ['everysec', 'always'] as const) {
    test(`aof with fsync ${fsync} loses no acknowledged write and applies no refused one`, async (t) => {
      await survivesKills(await createTenant(t, `e2e-durable-${fsync}`, { persistence: { mode: 'aof', fsync } }));
    });
  }

  test('rdb keeps what it had when it last stopped in good order', async (t) => {
    const tenant = await createTenant(t, 'e2e-durable-rdb', { persistence: { mode: 'rdb' } });
    const saved = startLoad(tenant, { prefix: 'saved' });
    await saved.more(TRAFFIC);
    await saved.stop();
    const { uid } = (await podOf(tenant)).metadata;
    await kubectl('delete', 'pod', 'main-redis-0', '-n', tenant.namespace);
    await eventually('a new pod', 60, async () => (await podOf(tenant))?.metadata.uid !== uid || undefined);
    const { resurrected } = await judgeAfter(tenant, 'killed', () => killRedis(tenant));
    assert.deepEqual(resurrected, []);
    assert.deepEqual((await saved.verdict()).lost, []);
  });

  test('without persistence the checker sees that all is gone, and a store that works on', async (t) => {
    const tenant = await createTenant(t, 'e2e-durable-none', { persistence: { mode: 'none' } });
    const verdict = await judgeAfter(tenant, 'killed', () => killRedis(tenant));
    assert.ok(countLost(verdict) > TRAFFIC / 4, `${countLost(verdict)} of ${verdict.acknowledged} lost`);
    assert.deepEqual(verdict.resurrected, []);
  });
});

test('one write that is taken away behind the clients’ backs is found', async (t) => {
  const tenant = await createTenant(t, 'e2e-durable-planted');
  const load = startLoad(tenant, { prefix: 'planted' });
  await load.more(TRAFFIC);
  await load.stop();
  assert.deepEqual((await load.verdict()).lost, []);
  await tenant.request('DELETE', '/infra/kv/planted-0-register');
  const { lost } = await load.verdict();
  assert.deepEqual(
    lost.map(({ key, found }) => ({ key, found })),
    [{ key: 'planted-0-register', found: null }],
  );
});
