import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { apply, condition, eventually, kubectl, type Manifest, read } from './cluster.ts';
import { runPod, scriptPod } from './pod.ts';
import { request, store, type Tenant, token, tokenOf } from './tenant.ts';

/** JSON texts of which a parser that is in the way would make others. */
const TEXTS = ['1e400', '9007199254740993', '{"b":1,"a":[0.10,"é \\u0000"]}', '"plain"', '[]', 'null'];
const KEYS = 120;
const LONG_TTL = 3600;
/** Where the backups of a namespace with `claimBackups` go. */
export const VOLUME = { target: { volume: { claimName: 'backups' } } };

/** Writes values of every kind, of which every third expires late. */
export async function fill(tenant: Tenant): Promise<Map<string, string>> {
  const written = new Map<string, string>();
  for (let n = 0; n < KEYS; n++) {
    const text = TEXTS[n % TEXTS.length] ?? '';
    const body = `{"value":${text}${n % 3 === 0 ? `,"ttl":${LONG_TTL}` : ''}}`;
    const { status } = await tenant.request('PUT', `/infra/kv/key-${n}`, body);
    assert.equal(status, 200);
    written.set(`key-${n}`, (await tenant.request('GET', `/infra/kv/key-${n}`)).text);
  }
  return written;
}

/** Key, value and expiry to the millisecond, as the text of the answer has them. */
export async function assertSame(tenant: Tenant, written: ReadonlyMap<string, string>): Promise<void> {
  for (const [key, text] of written) assert.equal((await tenant.request('GET', `/infra/kv/${key}`)).text, text);
}

/** A KVBackup of the store `main`. */
export function backup(namespace: string, spec: Record<string, unknown>, name = 'nightly'): Manifest {
  const metadata = { name, namespace };
  return {
    apiVersion: 'cubby.dev/v1alpha1',
    kind: 'KVBackup',
    metadata,
    spec: { storeRef: { name: 'main' }, ...spec },
  };
}

/** Waits for a backup, and returns its status. */
export const completed = (namespace: string, name = 'nightly') =>
  eventually(`the backup ${namespace}/${name}`, 90, async () => {
    const { status } = await read('kvbackup', namespace, name);
    assert.notEqual(status?.phase, 'Failed', JSON.stringify(status?.conditions));
    return status?.phase === 'Completed' ? status : undefined;
  });

/** Waits until the restore of the store `main` is in that phase. */
export const restoreIs = (namespace: string, phase: string, seconds = 120) =>
  eventually(`the restore of ${namespace} is ${phase}`, seconds, async () => {
    const { status } = await read('kvstore', namespace, 'main');
    return status?.restore?.phase === phase ? status.restore : undefined;
  });

/** Waits until the store `main` says that a part of its spec is refused. */
export const refusedBy = (namespace: string, reason: string, message: RegExp) =>
  eventually(`${namespace} says ${reason}: ${message}`, 120, async () => {
    const found = condition(await read('kvstore', namespace, 'main'), 'SpecAccepted');
    return (found?.reason === reason && message.test(found.message)) || undefined;
  });

/** Makes the claim `backups`. */
export async function claimBackups(namespace: string): Promise<void> {
  const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
  await apply({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'backups', namespace }, spec });
}

/** Runs a script of Node on the volume of the claim `backups`, mounted at /backup. */
export async function onVolume(namespace: string, name: string, script: string): Promise<void> {
  const volumes = [{ name: 'backups', persistentVolumeClaim: { claimName: 'backups' } }];
  const securityContext = {
    runAsNonRoot: true,
    runAsUser: 999,
    runAsGroup: 999,
    fsGroup: 999,
    seccompProfile: { type: 'RuntimeDefault' },
  };
  const container = { volumeMounts: [{ name: 'backups', mountPath: '/backup' }] };
  const pod = await scriptPod(namespace, name, `${script};console.log('done')`, {
    spec: { volumes, securityContext },
    container,
  });
  assert.equal(await runPod(pod), 'done');
}

/** Merge-patches the spec of the store `main`. */
export const edit = async (namespace: string, spec: object) => {
  await kubectl('patch', 'kvstore', 'main', '-n', namespace, '--type=merge', '-p', JSON.stringify({ spec }));
};

/** The UID of the pod of the store `main`. */
export const podUid = async (namespace: string) =>
  (await read('pod', namespace, 'main-redis-0')).metadata.uid as string;

/** A tenant of a store that is made from a backup. */
export async function createRestored(
  t: TestContext,
  namespace: string,
  spec: Record<string, unknown>,
): Promise<Tenant> {
  await apply(store(namespace, spec), token(namespace));
  const bearer = await tokenOf(namespace, 'web');
  t.diagnostic(`${namespace} is made`);
  return { namespace, request: (method, path, body) => request(bearer, method, path, body) };
}
