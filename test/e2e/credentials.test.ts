import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseMasterKeys, type RedisUser, redisPassword } from '../../contract/credentials.ts';
import { apply, eventually, kubectl, read, tryKubectl } from './cluster.ts';
import { load } from './load.ts';
import { answering, createTenant, store, type Tenant } from './tenant.ts';

const SYSTEM = 'cubby-system';
const KEY = 'cubby-master-key';
const AWAKE = [
  { namespace: 'e2e-credentials-7', version: '7.0' },
  { namespace: 'e2e-credentials-8', version: '8.0' },
];
const ASLEEP = 'e2e-credentials-asleep';
const PER_SECOND = 50;
/** In place of ten minutes. */
const OVERLAP_SECONDS = 30;

const isoNow = () => new Date().toISOString();

/** Gives the operator another overlap, until the test ends. */
async function setOverlap(t: TestContext, seconds: number): Promise<void> {
  const write = async (change: (config: Record<string, unknown>) => void) => {
    const { data } = await read('configmap', SYSTEM, 'cubby-operator');
    const config = JSON.parse(data['operator.json']);
    change(config);
    const patch = JSON.stringify({ data: { 'operator.json': JSON.stringify(config) } });
    await kubectl('patch', 'configmap', 'cubby-operator', '-n', SYSTEM, '--type', 'merge', '-p', patch);
    await kubectl('rollout', 'restart', 'deployment', 'cubby-operator', '-n', SYSTEM);
    await kubectl('rollout', 'status', 'deployment', 'cubby-operator', '-n', SYSTEM, '--timeout', '120s');
  };
  let before: unknown;
  await write((config) => {
    before = config.credentialOverlapSeconds;
    config.credentialOverlapSeconds = seconds;
  });
  t.after(() =>
    write((config) => {
      config.credentialOverlapSeconds = before;
    }),
  );
}

/** Whether the store's Redis lets a user in with that password. */
async function accepts(namespace: string, user: RedisUser, password: string): Promise<boolean> {
  const exec = ['exec', '-i', '-n', namespace, 'main-redis-0', '-c', 'redis', '--', 'redis-cli'];
  const { stdout } = await tryKubectl(exec, `AUTH ${user} ${password}\n`);
  return stdout.trim() === 'OK';
}

async function nativePassword(namespace: string): Promise<string> {
  const { data } = await read('secret', namespace, 'main-redis-access');
  return Buffer.from(data.password, 'base64').toString();
}

async function masterKeys() {
  const { data, metadata } = await read('secret', SYSTEM, KEY);
  const text = (name: string) => Buffer.from(data[name] ?? '', 'base64').toString();
  const keys = parseMasterKeys(text('master-key'), text('previous-master-key'));
  return { ...keys, progress: metadata.annotations?.['cubby.dev/rotation-progress'] as string | undefined };
}

/** The kubelet looks at a pod that changes at once, and about once a minute else. */
async function hurryMounts(): Promise<void> {
  const selector = 'app.kubernetes.io/component=dataplane';
  await kubectl('annotate', 'pods', '-n', SYSTEM, '-l', selector, '--overwrite', `cubby.dev/looked-at=${isoNow()}`);
}

test('under load the credentials of stores and the master key are rotated, the operator is replaced meanwhile, and no request fails', async (t) => {
  await setOverlap(t, OVERLAP_SECONDS);
  const tenants: Tenant[] = [];
  for (const { namespace, version } of AWAKE)
    tenants.push(await createTenant(t, namespace, { version, access: { redis: true } }));
  const sleeper = await createTenant(t, ASLEEP);
  assert.equal((await sleeper.request('PUT', '/infra/kv/dream', { value: 'kept' })).status, 200);
  await apply(store(ASLEEP, { enabled: false }));
  await eventually('sleep', 60, async () => (await read('kvstore', ASLEEP, 'main')).status.phase === 'Hibernated');

  const loads = tenants.map((tenant) => load(tenant, PER_SECOND));
  const namespaces = AWAKE.map(({ namespace }) => namespace);
  const all = [...namespaces, ASLEEP];
  const stores = await Promise.all(all.map((namespace) => read('kvstore', namespace, 'main')));
  const uids = new Map<string, string>(stores.map(({ metadata }) => [metadata.namespace, metadata.uid]));
  const before = await masterKeys();
  const natives = await Promise.all(namespaces.map(nativePassword));

  await t.test('the credentials of each store', async () => {
    for (const namespace of all)
      await kubectl('annotate', 'kvstore', 'main', '-n', namespace, '--overwrite', `cubby.dev/rotate=${isoNow()}`);
    for (const namespace of all)
      await eventually(`the end of the rotation of ${namespace}`, 120, async () => {
        const { status } = await read('kvstore', namespace, 'main');
        return status.credentialGeneration === 2 && status.credentials.previousGeneration === undefined;
      });
    for (const [index, namespace] of namespaces.entries()) {
      const uid = uids.get(namespace) ?? '';
      for (const user of ['dataplane', 'operator', 'native'] as const) {
        const password = (generation: number) => redisPassword(before.current, uid, generation, user);
        await eventually('the end of the old', 10, async () => !(await accepts(namespace, user, password(1))));
        assert.ok(await accepts(namespace, user, password(2)), `${user} of ${namespace}`);
      }
      assert.notEqual(await nativePassword(namespace), natives[index]);
      assert.ok(await accepts(namespace, 'native', await nativePassword(namespace)));
    }
    for (const { report } of loads) assert.deepEqual(report.failures, {});
  });

  await t.test('the master key', async () => {
    await kubectl('annotate', 'secret', KEY, '-n', SYSTEM, '--overwrite', `cubby.dev/rotate=${isoNow()}`);
    const made = await eventually('another key', 30, async () => {
      const keys = await masterKeys();
      return keys.previous && keys;
    });
    await kubectl('delete', 'pod', '-n', SYSTEM, '-l', 'app.kubernetes.io/component=operator', '--wait=false');
    await hurryMounts();
    const said = new Set<string>();
    await eventually('the end of the old key', 180, async () => {
      const { previous, progress } = await masterKeys();
      if (progress) said.add(progress);
      return previous === undefined;
    });
    t.diagnostic([...said].join('\n'));
    for (const namespace of namespaces) {
      const uid = uids.get(namespace) ?? '';
      for (const user of ['dataplane', 'operator', 'native'] as const) {
        const old = redisPassword(before.current, uid, 2, user);
        await eventually('the end of the old', 30, async () => !(await accepts(namespace, user, old)));
        assert.ok(await accepts(namespace, user, redisPassword(made.current, uid, 2, user)), `${user} of ${namespace}`);
      }
      assert.ok(await accepts(namespace, 'native', await nativePassword(namespace)));
    }
    await sleep(5_000);
  });

  for (const { report, stop } of loads) {
    assert.deepEqual(await stop(), [], 'no acknowledged write is lost');
    t.diagnostic(JSON.stringify(report));
    assert.deepEqual(report.failures, {});
    assert.ok(report.requests > 500, 'enough requests to tell');
  }
  await apply(store(ASLEEP, { enabled: true }));
  await answering(sleeper);
  assert.equal((await sleeper.request('GET', '/infra/kv/dream')).body.value, 'kept');
  // Data planes that begin now have the new key alone, and so sign in with nothing else.
  await kubectl('rollout', 'restart', 'deployment', 'cubby-dataplane', '-n', SYSTEM);
  await kubectl('rollout', 'status', 'deployment', 'cubby-dataplane', '-n', SYSTEM, '--timeout', '180s');
  for (const tenant of [...tenants, sleeper]) await answering(tenant);
});
