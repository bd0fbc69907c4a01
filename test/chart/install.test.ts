import assert from 'node:assert/strict';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { stringify } from 'yaml';
import { ensureBinaries } from '../../cluster/binaries.ts';
import { run } from '../../cluster/command.ts';
import { consoleProgress } from '../../cluster/progress.ts';
import { startApiServer, type TestApiServer } from '../../cluster/test-apiserver.ts';
import { chartFolder, find, namespace, type Rendered, release, render } from './chart.ts';

// The tests follow a release through its life, in order. There is no node: objects are stored, nothing runs.
const store = {
  apiVersion: 'cubby.dev/v1alpha1',
  kind: 'KVStore',
  metadata: { name: 'main', namespace: 'default' },
  spec: { version: '8.0', memory: '64Mi' },
};
let server: TestApiServer;
let programs: Record<'helm' | 'kubectl', string>;
let scratch: string;

before(async () => {
  [server, programs, scratch] = await Promise.all([
    startApiServer(),
    ensureBinaries(['helm', 'kubectl'], consoleProgress),
    mkdtemp(join(tmpdir(), 'cubby-chart-')),
  ]);
  await kubectl(['create', 'namespace', namespace]);
  const levels = ['enforce', 'warn'].map((mode) => `pod-security.kubernetes.io/${mode}=restricted`);
  await kubectl(['label', 'namespace', namespace, ...levels]);
});

after(async () => {
  await server?.stop();
  if (scratch) await rm(scratch, { recursive: true });
});

async function kubectl(args: readonly string[], input?: string): Promise<string> {
  const options = input === undefined ? {} : { input };
  return run(programs.kubectl, ['--kubeconfig', server.kubeconfig, ...args], options);
}

async function helm(command: string, ...args: string[]): Promise<string> {
  return run(programs.helm, [command, release, ...args, '--kubeconfig', server.kubeconfig, '--namespace', namespace]);
}

/** Validates the objects on the server and stores nothing; every line that the server warns with. */
async function dryRun(objects: readonly Rendered[]): Promise<string[]> {
  const warnings: string[] = [];
  const args = ['--kubeconfig', server.kubeconfig, 'apply', '--server-side', '--dry-run=server', '--force-conflicts'];
  const input = objects.map((object) => stringify(object)).join('---\n');
  await run(programs.kubectl, [...args, '--filename', '-'], {
    input,
    onLine: (line) => line.startsWith('Warning:') && warnings.push(line),
  });
  return warnings;
}

async function get(kind: string, name: string): Promise<Rendered> {
  return JSON.parse(await kubectl(['get', kind, name, '--namespace', namespace, '--output', 'json']));
}

/** The UID of the store, which tells whether it is still the same one. */
async function storeUid(): Promise<string> {
  const { name, namespace } = store.metadata;
  return kubectl(['get', 'kvstore', name, '--namespace', namespace, '--output', 'jsonpath={.metadata.uid}']);
}

test('the chart installs, definitions included', async () => {
  await helm('install', chartFolder);
  await kubectl(['wait', '--for=condition=Established', 'crd/kvstores.cubby.dev', 'crd/kvtokens.cubby.dev']);
  assert.equal((await get('deployment', 'cubby-dataplane')).spec.replicas, 2);
});

test('the server accepts every object strictly and warns of nothing', async () => {
  const values = {
    dataplane: { autoscaling: { enabled: true }, service: { type: 'NodePort', nodePort: 30080 } },
    operator: { shards: [{ name: 'gold', selector: 'tier=gold' }] },
  };
  assert.deepEqual(await dryRun(await render(values)), []);
});

test('the server would have warned of a pod that is not restricted, and refused an unknown field', async () => {
  const deployment = find(await render(), 'Deployment', 'cubby-operator');
  const spec = deployment.spec.template.spec;
  spec.hostNetwork = true;
  assert.match((await dryRun([deployment])).join(), /would violate PodSecurity "restricted/);
  spec.hostNetwork = false;
  spec.nodeSelektor = {};
  await assert.rejects(dryRun([deployment]), /nodeSelektor/);
});

test('the service accounts may do their work and no more, as the server judges', async () => {
  const permitted = [
    'dataplane watch kvstores.cubby.dev',
    'operator delete statefulsets.apps',
    'operator patch statefulsets.apps',
    'operator patch kvstores/status.cubby.dev',
    // The finalizer of deletionPolicy Backup.
    'operator patch kvstores.cubby.dev',
    'operator create kvbackups.cubby.dev',
    'operator patch pods/resize',
    `operator create leases.coordination.k8s.io in ${namespace}`,
    `operator patch kvstores.cubby.dev in ${namespace} named ledger`,
    ...['get', 'create', 'patch'].map((verb) => `dataplane ${verb} kvstores.cubby.dev in cubby-tenants`),
  ];
  const forbidden = [
    'dataplane get secrets',
    `dataplane list secrets in ${namespace}`,
    ...['default', namespace].flatMap((where) => [
      `dataplane create kvstores.cubby.dev in ${where}`,
      `dataplane patch kvstores.cubby.dev in ${where}`,
    ]),
    'dataplane delete kvstores.cubby.dev in cubby-tenants',
    'dataplane patch kvstores/status.cubby.dev in cubby-tenants',
    'dataplane patch kvtokens.cubby.dev in cubby-tenants',
    'dataplane list secrets in cubby-tenants',
    `operator create kvstores.cubby.dev in ${namespace}`,
    'operator delete kvstores.cubby.dev',
    'operator patch kvbackupschedules.cubby.dev',
    'dataplane get pods',
    'operator create leases.coordination.k8s.io',
    'operator create pods/exec',
    'operator delete persistentvolumeclaims',
    'operator create clusterrolebindings.rbac.authorization.k8s.io',
  ];
  for (const action of permitted) assert.equal(await isAllowed(action), true, action);
  for (const action of forbidden) assert.equal(await isAllowed(action), false, action);
});

test('an upgrade brings changed definitions and leaves the stores as they are', async () => {
  await kubectl(['apply', '--filename', '-'], JSON.stringify(store));
  const uid = await storeUid();
  await helm('upgrade', await chartWithChangedCrd());
  const [version] = (await get('crd', 'kvstores.cubby.dev')).spec.versions;
  assert.ok(version.additionalPrinterColumns.some((column: { name: string }) => column.name === 'Added'));
  assert.equal(await storeUid(), uid);
});

test('handing the definitions over to someone else does not delete them', async () => {
  const uid = await storeUid();
  await helm('upgrade', chartFolder, '--set', 'crds.enabled=false');
  assert.equal(await storeUid(), uid);
  await helm('upgrade', chartFolder);
});

test("uninstalling leaves definitions, stores and the tenants' namespace, and installing again takes them over", async () => {
  const uid = await storeUid();
  await helm('uninstall');
  const { labels } = (await get('namespace', 'cubby-tenants')).metadata;
  assert.equal(labels['pod-security.kubernetes.io/enforce'], 'restricted');
  await assert.rejects(get('deployment', 'cubby-operator'), /NotFound/);
  assert.equal(await storeUid(), uid);
  await helm('install', chartFolder);
  assert.equal(await storeUid(), uid);
});

test('with crds.keep=false uninstalling removes the definitions too', async () => {
  await helm('upgrade', chartFolder, '--set', 'crds.keep=false');
  await helm('uninstall');
  const kinds = ['kvstores', 'kvtokens', 'kvbackups', 'kvbackupschedules'].map((plural) => `crd/${plural}.cubby.dev`);
  // First the API server removes what is left of each kind, in its own time.
  await kubectl(['wait', '--for=delete', ...kinds, '--timeout=120s']);
});

/** Whether a component may do what is written as `component verb resource[/subresource][.group] [in namespace] [named name]`. */
async function isAllowed(action: string): Promise<boolean> {
  const [, component, verb, resource, subresource, group = '', where = 'default', name] =
    /^(\S+) (\S+) (\w+)(?:\/(\w+))?(?:\.(\S+))?(?: in (\S+))?(?: named (\S+))?$/.exec(action) ?? assert.fail(action);
  const review = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    spec: {
      user: `system:serviceaccount:${namespace}:cubby-${component}`,
      resourceAttributes: { namespace: where, verb, group, resource, subresource, name },
    },
  };
  const answer = await kubectl(['create', '--filename', '-', '--output', 'json'], JSON.stringify(review));
  return JSON.parse(answer).status.allowed;
}

async function chartWithChangedCrd(): Promise<string> {
  const copy = join(scratch, 'cubby');
  await cp(chartFolder, copy, { recursive: true });
  const file = join(copy, 'templates/crds/kvstores.cubby.dev.yaml');
  const text = await readFile(file, 'utf8');
  const column = '        - { name: Added, type: string, jsonPath: .spec.version }\n';
  const changed = text.replace(/( +additionalPrinterColumns:\n)/, `$1${column}`);
  assert.notEqual(changed, text);
  await writeFile(file, changed);
  return copy;
}
