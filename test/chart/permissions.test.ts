import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse, stringify } from 'yaml';
import { ensureBinaries } from '../../cluster/binaries.ts';
import { run } from '../../cluster/command.ts';
import { type Daemon, findFreePorts, startDaemon } from '../../cluster/daemon.ts';
import { consoleProgress } from '../../cluster/progress.ts';
import { startApiServer, type TestApiServer } from '../../cluster/test-apiserver.ts';
import { chartFolder, find, namespace, type Rendered, render } from './chart.ts';

// The processes run as in the cluster, with their ConfigMaps and their service accounts' tokens, on a server that
// enforces RBAC. There is no node, so no Redis starts; what the operator does to pods and claims is left to the end-to-end tests.
let server: TestApiServer;
let kubectlProgram: string;
let scratch: string;
let objects: Rendered[];
const running: Daemon[] = [];

before(async () => {
  [server, { kubectl: kubectlProgram }, scratch, objects] = await Promise.all([
    startApiServer(),
    ensureBinaries(['kubectl'], consoleProgress),
    mkdtemp(join(tmpdir(), 'cubby-permissions-')),
    render(),
  ]);
  await kubectl(['create', 'namespace', namespace]);
  await apply(objects.filter(({ kind }) => kind !== 'Pod'));
  await kubectl(['wait', '--for=condition=Established', 'crd/kvstores.cubby.dev', 'crd/kvtokens.cubby.dev']);
});

after(async () => {
  await Promise.all(running.map((daemon) => daemon.kill()));
  await server?.stop();
  if (scratch) await rm(scratch, { recursive: true });
});

async function kubectl(args: readonly string[], input?: string): Promise<string> {
  const options = input === undefined ? {} : { input };
  return run(kubectlProgram, ['--kubeconfig', server.kubeconfig, ...args], options);
}

async function apply(manifests: readonly object[]): Promise<void> {
  await kubectl(['apply', '--filename', '-'], manifests.map((manifest) => stringify(manifest)).join('---\n'));
}

/** Starts a process of this repository as the chart would, with what only a node can give it set by `overrides`. */
async function start(component: string, overrides: object): Promise<{ log: string }> {
  const token = await kubectl(['create', 'token', `cubby-${component}`, '--namespace', namespace]);
  const access = parse(await readFile(server.kubeconfig, 'utf8'));
  access.users[0].user = { token: token.trim() };
  const kubeconfig = join(scratch, `${component}.kubeconfig`);
  const config = join(scratch, `${component}.json`);
  const rendered = JSON.parse(find(objects, 'ConfigMap', `cubby-${component}`).data[`${component}.json`]);
  await writeFile(kubeconfig, stringify(access), { mode: 0o600 });
  await writeFile(config, JSON.stringify({ ...rendered, ...overrides }));
  const log = join(scratch, `${component}.log`);
  const main = join(chartFolder, '../..', component, 'main.ts');
  running.push(startDaemon({ command: 'node', args: [main, '--config', config, '--kubeconfig', kubeconfig], log }));
  return { log };
}

/** Asks again until the answer is true; fails with the log of the process after ten seconds. */
async function eventually(what: string, log: string, isTrue: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!(await isTrue().catch(() => false))) {
    if (performance.now() > deadline) assert.fail(`${what}: not within 10 s\n${await readFile(log, 'utf8')}`);
    await sleep(100);
  }
}

const answers = async (url: string) => (await fetch(url)).ok;
const exists = (...args: string[]) => kubectl(['get', ...args]).then((output) => output !== '');

test('the operator brings a store and a token about with the permissions that the chart gives it', async () => {
  const [port = 0] = await findFreePorts(1);
  const { log } = await start('operator', { port });
  await apply([
    {
      apiVersion: 'cubby.dev/v1alpha1',
      kind: 'KVStore',
      metadata: { name: 'main' },
      spec: { version: '8.0', memory: '64Mi' },
    },
    {
      apiVersion: 'cubby.dev/v1alpha1',
      kind: 'KVToken',
      metadata: { name: 'web' },
      spec: { type: 'Project', storeRef: { name: 'main' } },
    },
  ]);
  await eventually('ready', log, () => answers(`http://127.0.0.1:${port}/readyz`));
  await eventually('StatefulSet', log, () => exists('statefulset', 'main-redis'));
  const query = ['--output', 'jsonpath={.status.conditions[0].type}{.status.hashes[0]}'];
  await eventually('status of the store', log, () => exists('kvstore', 'main', ...query));
  await eventually('hash of the token', log, () => exists('kvtoken', 'web', ...query));
  const ledger = ['kvstore', 'ledger', '--namespace', namespace, '--output', 'jsonpath={.metadata.uid}'];
  await eventually('ledger', log, () => exists(...ledger));
  const uid = await kubectl(['get', ...ledger]);
  await kubectl(['delete', 'kvstore', 'ledger', '--namespace', namespace]);
  await eventually('another ledger', log, async () => {
    const now = await kubectl(['get', ...ledger]);
    return now !== '' && now !== uid;
  });
  const memory = ['get', 'kvstore', 'ledger', '--namespace', namespace, '--output', 'jsonpath={.spec.memory}'];
  await kubectl([
    'patch',
    'kvstore',
    'ledger',
    '--namespace',
    namespace,
    '--type=merge',
    '--patch={"spec":{"memory":"32Mi"}}',
  ]);
  await eventually('the ledger as it was', log, async () => (await kubectl(memory)) === '64Mi');
  await eventually('Event', log, () => exists('events', '--output', 'name'));
  await eventually('renewed lease', log, async () => {
    const lease = await kubectl(['get', 'lease', 'cubby-operator', '--namespace', namespace, '--output', 'json']);
    const { acquireTime, renewTime } = JSON.parse(lease).spec;
    return renewTime > acquireTime;
  });
  assert.doesNotMatch(await readFile(log, 'utf8'), /forbidden/i);
});

test('the data plane comes up with the permissions that the chart gives it', async () => {
  const [port = 0, metricsPort = 0] = await findFreePorts(2);
  const masterKeyFile = join(scratch, 'master-key');
  const query = ['--namespace', namespace, '--output', 'jsonpath={.data.master-key}'];
  const masterKey = await kubectl(['get', 'secret', 'cubby-master-key', ...query]);
  await writeFile(masterKeyFile, Buffer.from(masterKey, 'base64'), { mode: 0o600 });
  const { log } = await start('dataplane', { port, metricsPort, masterKeyFile });
  await eventually('ready', log, () => answers(`http://127.0.0.1:${port}/readyz`));
  assert.doesNotMatch(await readFile(log, 'utf8'), /forbidden/i);
});
