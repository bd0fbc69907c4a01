import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startApiServer, type TestApiServer } from '../../../cluster/test-apiserver.ts';
import type { KubeClient } from '../../../kube/client.ts';
import { connect } from '../../../kube/config.ts';
import { isGone } from '../../../kube/errors.ts';
import type { KubeObject } from '../../../kube/object.ts';
import { type Reflector, type ReflectorOptions, startReflector } from '../../../kube/reflector.ts';
import { configMaps, namespaces } from '../../../kube/resources.ts';
import { type ApiProxy, startProxy } from '../../chaos/proxy.ts';
import { eventually } from '../eventually.ts';

let server: TestApiServer;
let proxy: ApiProxy;
let direct: KubeClient;
let proxied: KubeClient;
let namespace: string;
let tests = 0;
/** What a test started: a reflector that outlived a failed test would keep the process alive. */
let started: Reflector[] = [];

const connectTo = (kubeconfig: string) => connect({ kubeconfig, userAgent: 'test', timeoutMs: 5000 });
const configMap = (name: string, data = {}, labels = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace, labels },
  data,
});

before(async () => {
  server = await startApiServer();
  proxy = await startProxy(server.kubeconfig);
  direct = connectTo(server.kubeconfig);
  proxied = connectTo(proxy.kubeconfig);
});

beforeEach(async () => {
  namespace = `test-${++tests}`;
  const object = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } };
  await direct.create(namespaces, object, { timeoutMs: 30_000 });
});

afterEach(async () => {
  proxy.refuse = false;
  await Promise.all(started.map((reflector) => reflector.stop()));
  started = [];
});

after(async () => {
  direct?.close();
  proxied?.close();
  proxy?.close();
  await server?.stop();
});

function follow(extra: Partial<ReflectorOptions> = {}) {
  const log: string[] = [];
  const errors: unknown[] = [];
  const reflector = startReflector({
    client: proxied,
    resource: configMaps,
    namespace,
    onUpsert: (object, old) => log.push(`${old ? 'changed' : 'new'} ${object.metadata.name}`),
    onDelete: (object) => log.push(`gone ${object.metadata.name}`),
    onError: (error) => errors.push(error),
    ...extra,
  });
  started.push(reflector);
  const names = () => reflector.cache.list().map(({ metadata }) => metadata.name);
  return { reflector, log, errors, names: () => names().sort() };
}

test('follows creation, change and deletion, filtered by label, within a second', async () => {
  await direct.create(configMaps, configMap('before', {}, { app: 'x' }));
  const { reflector, log } = follow({ labelSelector: 'app=x' });
  await reflector.synced;
  await direct.create(configMaps, configMap('other', {}, { app: 'y' }));
  await direct.create(configMaps, configMap('during', {}, { app: 'x' }));
  await direct.patch(configMaps, { namespace, name: 'before' }, { data: { a: '1' } }, { type: 'merge' });
  await direct.delete(configMaps, { namespace, name: 'during' });
  await eventually('all four events', 1000, () => log.length === 4);
  assert.deepEqual(log, ['new before', 'new during', 'changed before', 'gone during']);
  const [cached] = reflector.cache.list();
  assert.deepEqual([cached?.kind, cached?.apiVersion], ['ConfigMap', 'v1']);
  assert.ok(cached && !('managedFields' in cached.metadata));
});

test('lists page by page', async () => {
  for (let i = 0; i < 7; i++) await direct.create(configMaps, configMap(`cm-${i}`));
  proxy.exchanges.length = 0;
  const { reflector } = follow({ pageSize: 3 });
  await reflector.synced;
  assert.equal(reflector.cache.size, 7);
  assert.equal(proxy.exchanges.filter(({ line }) => line.includes('limit=3')).length, 3);
});

test('a dropped connection costs no change, and none is told twice', async () => {
  const { reflector, names, log } = follow();
  await reflector.synced;
  for (let round = 0; round < 4; round++) {
    await direct.create(configMaps, configMap(`heard-${round}`));
    await eventually('the watch is open and heard', 5000, () => names().includes(`heard-${round}`));
    proxy.cut();
    await direct.create(configMaps, configMap(`missed-${round}`));
    await direct.delete(configMaps, { namespace, name: `heard-${round}` });
  }
  await eventually('the cache has what is there', 5000, () => names().join() === 'missed-0,missed-1,missed-2,missed-3');
  const told = [0, 1, 2, 3].flatMap((round) => [`new heard-${round}`, `new missed-${round}`, `gone heard-${round}`]);
  assert.deepEqual(log, told);
});

test('a watch that goes silent is found out, and the missed changes are read', async () => {
  await direct.create(configMaps, configMap('old'));
  const { reflector, names, errors } = follow({ watchSeconds: 2 });
  await reflector.synced;
  await eventually('a watch is open', 1000, () => proxy.exchanges.at(-1)?.line.includes('watch=true'));
  proxy.mute();
  await direct.create(configMaps, configMap('unseen'));
  await direct.delete(configMaps, { namespace, name: 'old' });
  // The server ends its side after two seconds, which the reflector does not hear.
  await sleep(4000);
  assert.deepEqual(names(), ['old']);
  const tookMs = await eventually('the cache has caught up', 5000, () => names()[0] === 'unseen');
  assert.deepEqual(names(), ['unseen']);
  console.log(`silence found out and mended after ${Math.round(4000 + tookMs)} ms`);
  assert.match(String(errors), /^KubeError: the watch went silent$/);
});

test('a version that the server no longer has (410) leads to a list, and what vanished is reported', async () => {
  await direct.create(configMaps, configMap('stays'));
  await direct.create(configMaps, configMap('vanishes'));
  // Pauses so long that the failures meanwhile are too few to lead to a list by themselves.
  const { reflector, log, errors, names } = follow({ backoff: { baseMs: 4000, maxMs: 4000 } });
  await reflector.synced;
  proxy.refuse = true;
  proxy.cut();
  await direct.delete(configMaps, { namespace, name: 'vanishes' });
  const last = await direct.create(configMaps, configMap('appears'));
  const compaction = { revision: last.metadata.resourceVersion, physical: true };
  const answer = await fetch(`${server.etcdUrl}/v3/kv/compaction`, {
    method: 'POST',
    body: JSON.stringify(compaction),
  });
  assert.equal(answer.status, 200);
  await server.restart();
  log.length = 0;
  proxy.refuse = false;
  await eventually('the cache has caught up', 15_000, () => names().join() === 'appears,stays');
  assert.ok(errors.some(isGone), String(errors));
  assert.deepEqual(log, ['gone vanishes', 'new appears']);
});

test('the API server away: the cache stays, and catches up when it is back', async () => {
  await direct.create(configMaps, configMap('a'));
  const { reflector, names } = follow();
  await reflector.synced;
  await server.restart(3000);
  assert.deepEqual(names(), ['a']);
  await eventually('the server takes writes', 20_000, () =>
    direct.create(configMaps, configMap('b')).then(
      () => true,
      () => false,
    ),
  );
  const tookMs = await eventually('the cache has caught up', 15_000, () => names().join() === 'a,b');
  console.log(`caught up ${Math.round(tookMs)} ms after the first write`);
});

test('stopping during a pause opens no connection', async () => {
  const { reflector, errors } = follow({ backoff: { baseMs: 500, maxMs: 500 } });
  await reflector.synced;
  proxy.refuse = true;
  proxy.cut();
  await eventually('the failure is noticed', 2000, () => errors.length === 1);
  await reflector.stop();
  proxy.refuse = false;
  proxy.exchanges.length = 0;
  await sleep(1500);
  assert.deepEqual(proxy.exchanges, []);
});

test('many watches that end leave no connection behind', async () => {
  const { reflector } = follow({ watchSeconds: 1 });
  await reflector.synced;
  await sleep(5000);
  assert.ok(proxy.connections() <= 6, `${proxy.connections()} connections`);
  const { failures, silentMs } = reflector.health();
  assert.equal(failures, 0);
  assert.ok(silentMs < 2000);
});
