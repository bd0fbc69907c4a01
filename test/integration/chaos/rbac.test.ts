import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { ensureBinaries } from '../../../cluster/binaries.ts';
import { run } from '../../../cluster/command.ts';
import { findFreePorts, startDaemon } from '../../../cluster/daemon.ts';
import { consoleProgress } from '../../../cluster/progress.ts';
import { ROTATE_ANNOTATION, SCHEDULE_LABEL } from '../../../contract/labels.ts';
import { API_VERSION, type KVBackup } from '../../../contract/objects.ts';
import type { KubeObject } from '../../../kube/object.ts';
import {
  configMaps,
  networkPolicies,
  persistentVolumeClaims,
  podDisruptionBudgets,
  resource,
  secrets,
  serviceAccounts,
  services,
  statefulSets,
} from '../../../kube/resources.ts';
import { openArena } from '../../chaos/arena.ts';
import { audit, type Rule } from '../../chaos/audit.ts';
import { startProxy } from '../../chaos/proxy.ts';
import { storedBackup } from '../../chaos/restore-suites.ts';
import { is, type Scene, setScene } from '../../chaos/scene.ts';
import { offerBackup } from '../../chaos/stored-backup.ts';
import { makeVault, VAULT } from '../../chaos/suites.ts';
import { find, render } from '../../chart/chart.ts';
import { createStore, kvBackupSchedules, kvBackups, kvStores, kvTokens, SYSTEM_NAMESPACE } from '../operator/world.ts';

/** Granted for what is no request: a cluster may ask for it before it lets an owner reference block a deletion. */
const NEVER_A_REQUEST = ['kvbackups', 'kvstores', 'kvtokens'].map((kind) => `cubby.dev/${kind}/finalizers update`);

const limitRanges = resource('v1', 'LimitRange', 'limitranges');
const nothingFits = {
  apiVersion: 'v1',
  kind: 'LimitRange',
  spec: { limits: [{ type: 'Container', max: { memory: '1Mi' } }] },
};

const [arena, { kubectl }, objects, directory] = await Promise.all([
  openArena(),
  ensureBinaries(['kubectl'], consoleProgress),
  render(),
  mkdtemp(join(tmpdir(), 'cubby-audit-')),
]);
after(async () => {
  await arena.close();
  await rm(directory, { recursive: true, force: true });
});

/** Starts the operator as the chart does, with its ServiceAccount's token, through a proxy that notes what it asks. */
async function startAudited() {
  const ask = (args: string[], input = '') => run(kubectl, ['--kubeconfig', arena.kubeconfig, ...args], { input });
  const roles = objects.filter(
    ({ kind, metadata }) => metadata.name === 'cubby-operator' && /Role|ServiceAccount/.test(kind),
  );
  for (const object of roles) await ask(['apply', '--filename', '-'], JSON.stringify(object));
  const token = await ask(['create', 'token', 'cubby-operator', '--namespace', SYSTEM_NAMESPACE]);
  const proxy = await startProxy(arena.kubeconfig);
  const access = JSON.parse(await readFile(proxy.kubeconfig, 'utf8'));
  access.users[0].user = { token: token.trim() };
  const [kubeconfig, config, log] = ['kubeconfig', 'operator.json', 'log'].map((name) => join(directory, name)) as [
    string,
    string,
    string,
  ];
  const [port = 0] = await findFreePorts(1);
  const rendered = JSON.parse(find(objects, 'ConfigMap', 'cubby-operator').data['operator.json']);
  await writeFile(kubeconfig, JSON.stringify(access), { mode: 0o600 });
  await writeFile(config, JSON.stringify({ ...rendered, port, resyncSeconds: 2 }));
  const main = join(import.meta.dirname, '../../../operator/main.ts');
  const args = [main, '--config', config, '--kubeconfig', kubeconfig];
  const daemon = startDaemon({ command: process.execPath, args, log });
  const rules = roles.flatMap(({ rules = [] }) => rules as Rule[]);
  const stop = async () => {
    await daemon.kill('SIGTERM');
    proxy.close();
  };
  return { proxy, rules, log, stop };
}

/** Makes backups of which a schedule keeps one, and then the last one, with which the store goes. */
async function backUpAndDelete(scene: Scene): Promise<void> {
  const { client, namespace } = scene;
  await makeVault(scene);
  await scene.edit({ deletionPolicy: 'Backup', backup: { target: VAULT } });
  const make = (kind: string, name: string, spec: object, labels = {}) => {
    const object = { apiVersion: API_VERSION, kind, metadata: { name, namespace, labels }, spec };
    return client.create<KubeObject>(kind === 'KVBackup' ? kvBackups : kvBackupSchedules, object);
  };
  const storeRef = { name: 'main' };
  await make('KVBackupSchedule', 'nightly', { storeRef, schedule: '@monthly', retention: { count: 1 } });
  for (const name of ['nightly-1', 'nightly-2']) {
    await make('KVBackup', name, { storeRef, deletionPolicy: 'Delete' }, { [SCHEDULE_LABEL]: 'nightly' });
    await scene.until(`${name} is complete`, async () => {
      const backup = await client.get<KVBackup>(kvBackups, { namespace, name });
      return backup?.status?.phase === 'Completed';
    });
  }
  await scene.until(
    'the older backup is deleted',
    async () => !(await client.get(kvBackups, { namespace, name: 'nightly-1' })),
  );
  await client.delete(kvStores, { namespace, name: 'main' });
  await scene.until('the store is gone', async () => !(await scene.store()) && !(await scene.pod()));
}

test('the operator uses every permission that the chart gives it, and needs no other', async () => {
  const { proxy, rules, log, stop } = await startAudited();
  const { client } = arena;
  const namespace = await arena.enter('audited');
  const scene = setScene(client, namespace);
  try {
    await scene.create({ version: '7.0', access: { redis: true } });
    // No pod is let in here: why, the operator reads in Events.
    const full = await arena.enter('full');
    const others = ['replicated', 'restored'].map(async (name) => setScene(client, await arena.enter(name)));
    const [replicated, fromBackup] = (await Promise.all(others)) as [Scene, Scene];
    await client.create<KubeObject>(limitRanges, { ...nothingFits, metadata: { namespace: full, name: 'nothing' } });
    await createStore({ client }, full);
    await replicated.create({ replicas: 3 });
    await fromBackup.create({ restoreFrom: await offerBackup(fromBackup, await storedBackup()) });
    await scene.createToken();
    await scene.ready();
    await scene.until('the token is accepted', async () => (await scene.token())?.status?.hashes?.length);
    const rotate = { metadata: { annotations: { [ROTATE_ANNOTATION]: new Date().toISOString() } } };
    await client.patch(kvTokens, { namespace, name: 'web' }, rotate, { type: 'merge' });
    await scene.edit({ memory: '64Mi', access: null, persistence: { size: '2Gi' }, deletionPolicy: 'Delete' });
    await scene.ready();
    await scene.edit({ version: '8.0' });
    await scene.when('runs 8.0', (status) => status.version?.startsWith('8.0') && is(status, 'Ready', 'True'));
    await backUpAndDelete(scene);
    await scene.create({ restoreFrom: { backupRef: { name: 'nightly-2' } } });
    await scene.ready();
    // What somebody deletes is looked for before it is made again.
    for (const kind of [networkPolicies, serviceAccounts, configMaps, services, statefulSets, podDisruptionBudgets]) {
      const key = { namespace: kind === podDisruptionBudgets ? replicated.namespace : namespace, name: 'main-redis' };
      const old = await client.get(kind, key);
      await client.delete(kind, key);
      const isNew = async () => {
        const now = await client.get(kind, key);
        return now !== undefined && now.metadata.uid !== old?.metadata.uid;
      };
      await scene.until(`another ${kind.kind}`, isNew);
    }
    await scene.ready();
    await client.delete(kvTokens, { namespace, name: 'web' });
    await client.delete(secrets, { namespace, name: 'main-redis-acl' });
    // The ledger is the one store that the operator itself makes, and keeps as the chart has it.
    const ledger = { namespace: SYSTEM_NAMESPACE, name: 'ledger' };
    await scene.until('the ledger', () => client.get(kvStores, ledger));
    await client.patch(kvStores, ledger, { spec: { memory: '32Mi' } }, { type: 'merge' });
    await client.patch(secrets, { namespace: SYSTEM_NAMESPACE, name: 'cubby-master-key' }, rotate, { type: 'merge' });
    await scene
      .until('all that is granted is used', async () => {
        const { surplus } = audit(rules, proxy.exchanges);
        return surplus.every((grant) => NEVER_A_REQUEST.includes(grant));
      })
      .catch(() => {}); // told below
  } finally {
    await stop();
  }
  const { surplus, lacking } = audit(rules, proxy.exchanges);
  assert.deepEqual(surplus, NEVER_A_REQUEST, `granted and never used\n${(await readFile(log, 'utf8')).slice(-2000)}`);
  assert.deepEqual(lacking, [], 'used and not granted');
  const refused = proxy.exchanges.filter(({ status }) => status === 403).map(({ line }) => line);
  assert.deepEqual(refused, []);
  const more = [...rules, { apiGroups: [''], resources: ['nodes'], verbs: ['get'] }];
  assert.deepEqual(audit(more, proxy.exchanges).surplus, ['/nodes get', ...NEVER_A_REQUEST], 'a surplus verb is found');
  assert.ok((await client.list(persistentVolumeClaims, { namespace })).items.length > 0, 'no claim was lost');
});
