import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apply, eventually, kubectl, read } from './cluster.ts';
import { load } from './load.ts';
import { createTenant, store, type Tenant } from './tenant.ts';

interface Member {
  name: string;
  role?: string;
  ready: boolean;
  linked?: boolean;
}

/** Name of the primary's pod, once the store has that many members, all in step, and nothing is on its way. */
function primaryOf({ namespace }: Tenant, seconds: number, version?: string): Promise<string> {
  return eventually(`${namespace}: three members in step`, seconds, async () => {
    const { metadata, status } = await read('kvstore', namespace, 'main');
    const members: Member[] = status?.members ?? [];
    const replicas = members.filter(({ role, linked, ready }) => role === 'Replica' && linked && ready);
    const isDone = status?.phase === 'Ready' && status.observedGeneration === metadata.generation;
    const isVersion = version === undefined || status?.version?.startsWith(version);
    const primary = members.find(({ role, ready }) => role === 'Primary' && ready);
    return isDone && isVersion && replicas.length === 2 ? primary?.name : undefined;
  });
}

/** UIDs of the pods of a store, by name. */
async function podUids({ namespace }: Tenant): Promise<Record<string, string>> {
  const names = [0, 1, 2].map((ordinal) => `main-redis-${ordinal}`);
  const pods = await Promise.all(names.map((name) => read('pod', namespace, name)));
  return Object.fromEntries(pods.map((pod, ordinal) => [names[ordinal], pod?.metadata.uid]));
}

test('a store with replicas: planned failover, upgrade and the loss of its primary lose no write', async (t) => {
  const tenant = await createTenant(t, 'replicated', { version: '7.0', replicas: 3 });
  const { namespace } = tenant;
  const first = await primaryOf(tenant, 120);

  await t.test('a failover that is asked for makes another member the primary', async () => {
    const traffic = load(tenant, 50, 'planned');
    t.after(() => traffic.stop());
    const at = new Date().toISOString();
    await kubectl('-n', namespace, 'annotate', 'kvstore', 'main', `cubby.dev/failover=${at}`);
    await eventually('the failover is reported as done', 60, async () => {
      const { status } = await read('kvstore', namespace, 'main');
      return status?.failover?.requestedFor === at || undefined;
    });
    assert.notEqual(await primaryOf(tenant, 60), first);
    assert.deepEqual(await traffic.stop(), []);
    t.diagnostic(`planned failover: ${JSON.stringify(traffic.report)}`);
  });

  await t.test('an upgrade replaces every pod, and the primary last', async () => {
    const before = await podUids(tenant);
    const primary = await primaryOf(tenant, 60);
    const traffic = load(tenant, 100, 'upgrade');
    t.after(() => traffic.stop());
    await apply(store(namespace, { version: '8.0', replicas: 3 }));
    const order: string[] = [];
    await eventually('every pod is another one', 240, async () => {
      const now = await podUids(tenant);
      for (const [name, uid] of Object.entries(before))
        if (now[name] !== undefined && now[name] !== uid && !order.includes(name)) order.push(name);
      return order.length === 3 || undefined;
    });
    await primaryOf(tenant, 120, '8.0');
    assert.deepEqual(await traffic.stop(), []);
    t.diagnostic(`upgrade: ${JSON.stringify(traffic.report)}; the primary was ${primary}, the order ${order}`);
  });

  await t.test(
    'the pod of the primary is deleted, and another takes its place with all that was acknowledged',
    async () => {
      const primary = await primaryOf(tenant, 60);
      const traffic = load(tenant, 100, 'lost');
      t.after(() => traffic.stop());
      await kubectl('-n', namespace, 'delete', 'pod', primary, '--wait=false');
      await eventually('another primary', 60, async () => {
        const { status } = await read('kvstore', namespace, 'main');
        const next = (status?.members as Member[] | undefined)?.find(({ role }) => role === 'Primary')?.name;
        return (next !== undefined && next !== primary) || undefined;
      });
      await primaryOf(tenant, 120);
      assert.deepEqual(await traffic.stop(), [], 'it handed over before it ended');
      t.diagnostic(`deleted primary: ${JSON.stringify(traffic.report)}`);
    },
  );
});

test('a store of one Redis becomes a replicated one while it serves, and loses no write', async (t) => {
  const tenant = await createTenant(t, 'grown', { version: '8.0' });
  const { namespace } = tenant;
  const traffic = load(tenant, 50);
  t.after(() => traffic.stop());
  await apply(store(namespace, { version: '8.0', replicas: 3 }));
  await primaryOf(tenant, 240);
  const { status } = await read('kvstore', namespace, 'main');
  assert.deepEqual(status.topology, { mode: 'Replicated', members: 3 });
  const pod = await read('pod', namespace, 'main-redis-0');
  assert.ok(pod.spec.containers.some(({ name }: { name: string }) => name === 'sentinel'));
  assert.deepEqual(await traffic.stop(), []);
  t.diagnostic(`standalone to replicated: ${JSON.stringify(traffic.report)}`);
});
