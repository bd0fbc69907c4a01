import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, type TestContext, test } from 'node:test';
import { API_VERSION } from '../../../contract/objects.ts';
import type { KubeObject } from '../../../kube/object.ts';
import { leases, secrets, statefulSets } from '../../../kube/resources.ts';
import { createNamespace, createStore, kvStores, SYSTEM_NAMESPACE, startCluster, until } from './world.ts';

const main = join(import.meta.dirname, '../../../operator/main.ts');

const { server, client: admin } = await startCluster();
const directory = await mkdtemp(join(tmpdir(), 'cubby-operator-'));
after(() => rm(directory, { recursive: true, force: true }));

/** The operator as a process of its own. */
interface Replica {
  child: ChildProcess;
  url: string;
  output(): string;
  /** Resolves with the exit code. */
  exited: Promise<number | null>;
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  return typeof address === 'object' && address ? address.port : 0;
}

async function startReplica(t: TestContext, config: object = {}): Promise<Replica> {
  const port = await freePort();
  const file = join(directory, `operator-${port}.json`);
  const whole = {
    systemNamespace: SYSTEM_NAMESPACE,
    image: 'ghcr.io/cubby-dev/cubby:test',
    versions: { '8.0': 'docker.io/library/redis:8.0' },
    dataPlaneUrl: 'http://cubby-dataplane',
    port,
    ...config,
  };
  await writeFile(file, JSON.stringify(whole));
  const child = spawn(process.execPath, [main, '--config', file, '--kubeconfig', server.kubeconfig]);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text));
  const exited = once(child, 'exit').then(([code]) => code as number | null);
  t.after(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  return { child, url: `http://127.0.0.1:${port}`, output: () => output, exited };
}

const get = async (url: string) => {
  const response = await fetch(url);
  return { status: response.status, text: await response.text() };
};
const isReady = ({ url }: Replica) => until('ready', async () => (await get(`${url}/readyz`)).status === 200, 90_000);
const leads = ({ url }: Replica) =>
  until('leads', async () => (await get(`${url}/metrics`)).text.includes('cubby_operator_leader 1'), 30_000);

test('two replicas share one master key, one leads, and the other takes over at once when it stops', async (t) => {
  const replicas = await Promise.all([startReplica(t), startReplica(t)]);
  await Promise.all(replicas.map(isReady));
  const lease = await until('a leader', () =>
    admin.get(leases, { namespace: SYSTEM_NAMESPACE, name: 'cubby-operator' }),
  );
  assert.ok(lease);
  const leading = async ({ url }: Replica) => (await get(`${url}/metrics`)).text.includes('cubby_operator_leader 1');
  const states = await until('one leads', async () => {
    const found = await Promise.all(replicas.map(leading));
    return found.includes(true) && found;
  });
  assert.equal(states.filter(Boolean).length, 1);
  const [leader, other] = states[0] ? replicas : [...replicas].reverse();
  assert.ok(leader && other);

  const namespace = await createNamespace(admin, 'led');
  await createStore({ client: admin }, namespace);
  await until('the store is made', () => admin.get(statefulSets, { namespace, name: 'main-redis' }));
  leader.child.kill('SIGTERM');
  assert.equal(await leader.exited, 0);
  const start = performance.now();
  await leads(other);
  assert.ok(performance.now() - start < 5_000, 'the lease was handed back, not waited for');
  await createStore({ client: admin }, namespace, {}, 'second');
  await until('the next store is made', () => admin.get(statefulSets, { namespace, name: 'second-redis' }));

  const secret = await admin.get<KubeObject & { data?: Record<string, string> }>(secrets, {
    namespace: SYSTEM_NAMESPACE,
    name: 'cubby-master-key',
  });
  const key = Buffer.from(secret?.data?.['master-key'] ?? '', 'base64').toString();
  assert.equal(Buffer.from(key, 'base64').length, 32);
  for (const { output } of replicas) assert.ok(!output().includes(key), 'the key is in no log');
  assert.match(
    (await get(`${other.url}/metrics`)).text,
    /cubby_operator_reconciles_total\{controller="store",outcome="done"\}/,
  );
  assert.equal((await get(`${other.url}/livez`)).status, 200);
  assert.equal((await get(`${other.url}/nothing`)).status, 404);
});

const leadsNow = async ({ url }: Replica) =>
  (await get(`${url}/metrics`)).text.match(/^cubby_operator_leader(\{shard="\w+"\})? 1$/m) !== null;

/** The one of them that leads, and the other. */
async function tellApart(replicas: Replica[]): Promise<[leader: Replica, other: Replica]> {
  const states = await until(
    'one leads',
    async () => {
      const found = await Promise.all(replicas.map(leadsNow));
      return found.includes(true) && found;
    },
    90_000,
  );
  const [leader, other] = states[0] ? replicas : [...replicas].reverse();
  assert.ok(leader && other);
  return [leader, other];
}

test('a leader that is killed in the middle of its work is followed by the other, which ends it', async (t) => {
  const leaderElection = { enabled: true, name: 'killed' };
  const replicas = await Promise.all([startReplica(t, { leaderElection }), startReplica(t, { leaderElection })]);
  await Promise.all(replicas.map(isReady));
  const [leader, other] = await tellApart(replicas);
  const namespace = await createNamespace(admin, 'killed');
  const names = Array.from({ length: 30 }, (_, i) => `store-${i}`);
  await Promise.all(names.map((name) => createStore({ client: admin }, namespace, {}, name)));
  await until('it has begun', () => admin.get(statefulSets, { namespace, name: 'store-0-redis' }), 60_000);
  leader.child.kill('SIGKILL');
  await leader.exited;
  const start = performance.now();
  await until('the other leads', () => leadsNow(other), 90_000);
  t.diagnostic(`taken over after ${((performance.now() - start) / 1000).toFixed(1)} s`);
  for (const name of names)
    await until(`${name} is made`, () => admin.get(statefulSets, { namespace, name: `${name}-redis` }), 60_000);
});

test('each shard has a lease of its own: the end of one leader leaves the others to lead, and its own to the next', async (t) => {
  const leaderElection = { enabled: true, name: 'sharded' };
  const selector = 'tier=gold';
  const gold = { leaderElection, shard: { name: 'gold', selector } };
  const rest = { leaderElection, except: [selector] };
  const [first, second, third] = await Promise.all([
    startReplica(t, gold),
    startReplica(t, gold),
    startReplica(t, rest),
  ]);
  await Promise.all([first, second, third].map(isReady));
  const [leader, other] = await tellApart([first, second]);
  await until('the rest is led', () => leadsNow(third), 90_000);
  for (const name of ['sharded', 'sharded-gold'])
    assert.ok(await admin.get(leases, { namespace: SYSTEM_NAMESPACE, name }), `the Lease ${name}`);

  const namespace = await createNamespace(admin, 'shards');
  leader.child.kill('SIGKILL');
  await leader.exited;
  await createStore({ client: admin }, namespace, {}, 'plain');
  await admin.create<KubeObject>(kvStores, {
    apiVersion: API_VERSION,
    kind: 'KVStore',
    metadata: { namespace, name: 'golden', labels: { tier: 'gold' } },
    spec: { version: '8.0', memory: '32Mi' },
  });
  await until('the rest goes on', () => admin.get(statefulSets, { namespace, name: 'plain-redis' }), 60_000);
  assert.ok(await leadsNow(third));
  await until('the other leads the shard', () => leadsNow(other), 90_000);
  await until('the shard goes on', () => admin.get(statefulSets, { namespace, name: 'golden-redis' }), 60_000);
});

test('a master key that exists is never written to, and one that is too short stops the operator with the remedy', async (t) => {
  const metadata = { namespace: SYSTEM_NAMESPACE, name: 'short-key' };
  const type = { apiVersion: 'v1', kind: 'Secret' };
  const made = await admin.create<KubeObject>(secrets, {
    ...type,
    metadata,
    data: { 'master-key': Buffer.from('c2hvcnQ=').toString('base64') },
  });
  const replica = await startReplica(t, { masterKeySecret: { name: 'short-key', key: 'master-key' } });
  assert.notEqual(await replica.exited, 0);
  assert.match(replica.output(), /openssl rand -base64 32/);
  assert.doesNotMatch(replica.output(), /c2hvcnQ=/);
  const now = await admin.get(secrets, metadata);
  assert.equal(now?.metadata.resourceVersion, made.metadata.resourceVersion);
});

test('a configuration that is wrong ends the process with the field and what is wrong', async (t) => {
  const replica = await startReplica(t, { concurrency: 0 });
  assert.equal(await replica.exited, 2);
  assert.match(replica.output(), /operator-\d+\.json is not a valid configuration[\s\S]*concurrency/);
});

test('it outlives an API server that is away', async (t) => {
  const replica = await startReplica(t, { leaderElection: { enabled: false } });
  await isReady(replica);
  await server.restart(3_000);
  const namespace = await createNamespace(admin, 'after-outage');
  await createStore({ client: admin }, namespace);
  await until('the store is made', () => admin.get(statefulSets, { namespace, name: 'main-redis' }), 30_000);
  assert.equal(replica.child.exitCode, null);
});
