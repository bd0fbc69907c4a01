import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { ensureBinaries } from '../../cluster/binaries.ts';
import { run } from '../../cluster/command.ts';
import { consoleProgress } from '../../cluster/progress.ts';
import { startApiServer, type TestApiServer } from '../../cluster/test-apiserver.ts';
import { find, namespace, podSpecs, type Rendered, render } from './chart.ts';

const root = join(import.meta.dirname, '../..');
let server: TestApiServer;
let kubectl: string;

before(async () => {
  [server, { kubectl }] = await Promise.all([startApiServer(), ensureBinaries(['kubectl'], consoleProgress)]);
});

after(() => server?.stop());

async function build(folder: string): Promise<Rendered[]> {
  const text = await run(kubectl, ['kustomize', join(root, 'kustomize', folder)]);
  return parseAllDocuments(text).map((document) => document.toJS() as Rendered);
}

/**
 * The object without what belongs to one way of installing: labels and annotations of Helm, the labels that a generated
 * ConfigMap does not have, and the end of its name.
 */
function comparable(object: Rendered): unknown {
  const text = JSON.stringify(object, (key, value) => {
    if (key === 'app.kubernetes.io/managed-by' && value === 'Helm') return undefined;
    if (/^(helm\.sh\/.+|cubby\.dev\/chart-version|checksum\/config)$/.test(key)) return undefined;
    if (/^app\.kubernetes\.io\/(version|part-of)$/.test(key)) return undefined;
    if (key === 'annotations' && Object.keys(value).every((name) => /^(helm|cubby\.dev|checksum)/.test(name)))
      return undefined;
    return value;
  });
  return JSON.parse(text.replaceAll(/"(cubby-(?:operator|dataplane))-[a-z0-9]{10}"/g, '"$1"'));
}

const byName = (objects: readonly Rendered[]) =>
  Object.fromEntries(
    objects.map((object) => [`${object.kind} ${object.metadata.namespace ?? ''}/${object.metadata.name}`, object]),
  );

test('the base is written from the chart as it is now', async () => {
  await run(process.execPath, ['tools/kustomize.ts', '--check'], { cwd: root });
});

test("the base makes the chart's objects, and the namespace that Helm leaves to its caller", async () => {
  const hooks = (object: Rendered) => object.metadata.annotations?.['helm.sh/hook'] !== undefined;
  const chart = (await render()).filter((object) => !hooks(object)).map(comparable) as Rendered[];
  const base = (await build('base')).map(comparable) as Rendered[];
  const own = byName(base);
  const system = own[`Namespace /${namespace}`];
  assert.equal(system?.metadata.labels['pod-security.kubernetes.io/enforce'], 'restricted');
  delete own[`Namespace /${namespace}`];
  assert.deepEqual(own, byName(chart));
});

test('the API server takes every object of the base strictly', async () => {
  const admin = ['--kubeconfig', server.kubeconfig];
  // Namespaces have to be there for what a dry run puts into them.
  for (const name of [namespace, 'cubby-tenants']) await run(kubectl, [...admin, 'create', 'namespace', name]);
  const warnings: string[] = [];
  const args = ['apply', '--server-side', '--force-conflicts', '--dry-run=server', '-k', join(root, 'kustomize/base')];
  const output = await run(kubectl, [...admin, ...args], {
    onLine: (line) => /^Warning/.test(line) && warnings.push(line),
  });
  assert.match(output, /deployment\.apps\/cubby-operator serverside-applied/);
  assert.deepEqual(warnings, []);
});

test('the example overlay changes image, replicas, Service and configuration, and pods read the new one', async () => {
  const objects = await build('overlays/example');
  for (const { spec } of podSpecs(objects)) {
    for (const { image } of spec.containers) assert.equal(image, 'registry.example/cubby:0.1.0');
  }
  assert.equal(find(objects, 'Deployment', 'cubby-dataplane').spec.replicas, 3);
  assert.equal(find(objects, 'Service', 'cubby-dataplane').spec.type, 'LoadBalancer');
  const configMap = (list: readonly Rendered[]) =>
    list.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name.startsWith('cubby-operator-'));
  const changed = configMap(objects);
  assert.equal(JSON.parse(changed?.data['operator.json']).versions['8.2'], 'registry.example/redis:8.2');
  assert.notEqual(changed?.metadata.name, configMap(await build('base'))?.metadata.name);
  const volumes = JSON.stringify(find(objects, 'Deployment', 'cubby-operator').spec.template.spec.volumes);
  assert.match(volumes, new RegExp(`"${changed?.metadata.name}"`));
});
