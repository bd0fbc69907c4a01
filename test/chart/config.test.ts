import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { DEFAULT_PRICES } from '../../contract/prices.ts';
import { readConfig as readDataplaneConfig } from '../../dataplane/config.ts';
import { readConfig as readOperatorConfig } from '../../operator/config.ts';
import { ledgerStore } from '../../operator/resources/ledger.ts';
import { find, type Rendered, render } from './chart.ts';

const scratch = mkdtempSync(join(tmpdir(), 'cubby-config-'));
after(() => rmSync(scratch, { recursive: true }));

const standard = await render();

/** What a process makes of its part of the rendered ConfigMap; throws where it refuses it. */
function configOf<T>(objects: readonly Rendered[], component: string, read: (file: string) => T): T {
  const file = join(scratch, `${component}.json`);
  writeFileSync(file, find(objects, 'ConfigMap', `cubby-${component}`).data[`${component}.json`]);
  return read(file);
}
const operatorConfig = (objects: readonly Rendered[]) => configOf(objects, 'operator', readOperatorConfig);
const dataplaneConfig = (objects: readonly Rendered[]) => configOf(objects, 'dataplane', readDataplaneConfig);

const container = (component: string) =>
  find(standard, 'Deployment', `cubby-${component}`).spec.template.spec.containers[0];
const portOf = (component: string, name: string) =>
  container(component).ports.find((port: { name: string }) => port.name === name).containerPort;

test('each process is started with the file that its ConfigMap holds', () => {
  for (const component of ['operator', 'dataplane']) {
    const { args, volumeMounts } = container(component);
    assert.deepEqual(args, ['--config', `${volumeMounts[0].mountPath}/${component}.json`]);
  }
});

test('the data plane listens on the ports of its pods and reads the master key where it is mounted', () => {
  const config = dataplaneConfig(standard);
  assert.deepEqual(
    [config.port, config.metricsPort],
    [portOf('dataplane', 'http'), portOf('dataplane', 'http-metrics')],
  );
  const { volumes } = find(standard, 'Deployment', 'cubby-dataplane').spec.template.spec;
  const [key] = volumes[0].projected.sources.flatMap(({ secret }: { secret?: { items: { path: string }[] } }) =>
    (secret?.items ?? []).map(({ path }) => `${container('dataplane').volumeMounts[0].mountPath}/${path}`),
  );
  assert.equal(config.masterKeyFile, key);
});

test('the operator creates the master key that the data plane mounts', async () => {
  const objects = await render({ masterKey: { secretName: 'other' } });
  const { volumes } = find(objects, 'Deployment', 'cubby-dataplane').spec.template.spec;
  const { secret } = volumes[0].projected.sources.find((source: object) => 'secret' in source);
  assert.deepEqual(operatorConfig(objects).masterKeySecret, { name: secret.name, key: secret.items[0].key });
});

test('the data plane mounts the previous master key beside the present one, where there is one', () => {
  const { volumes } = find(standard, 'Deployment', 'cubby-dataplane').spec.template.spec;
  const [present, previous] = volumes[0].projected.sources.flatMap(({ secret }: { secret?: object }) => secret ?? []);
  assert.deepEqual([present.optional, previous.optional], [undefined, true]);
  assert.equal(previous.name, present.name);
  assert.deepEqual(previous.items, [{ key: 'previous-master-key', path: `previous-${present.items[0].path}` }]);
});

test('both take the namespace of the release for the system namespace', () => {
  assert.equal(operatorConfig(standard).systemNamespace, 'cubby-system');
  assert.equal(dataplaneConfig(standard).systemNamespace, 'cubby-system');
});

test('tokens give the URL of the Service, or the one that is set', async () => {
  assert.equal(operatorConfig(standard).dataPlaneUrl, 'http://cubby-dataplane.cubby-system.svc');
  const onPort = await render({ dataplane: { service: { port: 8000 } } });
  assert.equal(operatorConfig(onPort).dataPlaneUrl, 'http://cubby-dataplane.cubby-system.svc:8000');
  const set = await render({ dataplane: { url: 'https://kv.example.com' } });
  assert.equal(operatorConfig(set).dataPlaneUrl, 'https://kv.example.com');
});

test('each value of the configuration arrives in the process', async () => {
  const objects = await render({
    versions: { '7.4': 'registry.example.com/redis:7.4' },
    plans: { free: null, pro: { requestsPerSecond: 500, burst: 900, tokensPerMonth: '25.5' } },
    prices: { get: 1, set: 2, delete: 3, increment: 4, scan: 5 },
    logLevel: 'debug',
    ledger: { version: '7.4', memory: '32Mi', persistence: { size: '2Gi', storageClassName: 'fast' } },
    operator: { concurrency: 7 },
    dataplane: {
      drainSeconds: 33,
      accessLog: 'all',
      cacheBytes: 67_108_864,
      dashboard: { enabled: false },
      management: { namespace: 'kv', defaultProject: 'main', defaultVersion: '7.4', defaultMemory: '64Mi' },
    },
  });
  const operator = operatorConfig(objects);
  assert.equal(operator.versions['7.4'], 'registry.example.com/redis:7.4');
  assert.deepEqual([operator.concurrency, operator.logLevel], [7, 'debug']);
  assert.deepEqual(operator.plans, { pro: { requestsPerSecond: 500, burst: 900, tokensPerMonth: '25.5' } });
  assert.deepEqual(operator.ledger, { version: '7.4', memory: '32Mi', size: '2Gi', storageClassName: 'fast' });
  const dataplane = dataplaneConfig(objects);
  assert.deepEqual([dataplane.drainSeconds, dataplane.logLevel, dataplane.accessLog], [33, 'debug', 'all']);
  assert.equal(dataplane.cacheBytes, 67_108_864);
  assert.equal(dataplane.dashboard, false);
  assert.deepEqual(dataplane.versions, Object.keys(operator.versions).sort());
  assert.deepEqual(dataplane.prices, { get: 1, set: 2, delete: 3, increment: 4, scan: 5 });
  assert.deepEqual(dataplane.management, {
    namespace: 'kv',
    defaultProject: 'main',
    defaultVersion: '7.4',
    defaultMemory: '64Mi',
  });
});

test('the data plane looks for the ledger where the operator keeps it, and for none where it keeps none', async () => {
  const { ledger } = dataplaneConfig(standard);
  const { metadata } = ledgerStore(operatorConfig(standard).ledger ?? assert.fail(), 'cubby-system');
  assert.deepEqual(ledger, { namespace: metadata.namespace, name: metadata.name });
  const without = await render({ ledger: { enabled: false } });
  assert.deepEqual([dataplaneConfig(without).ledger, operatorConfig(without).ledger], [undefined, undefined]);
});

test('the prices of the chart are those that hold where nothing is said', () => {
  assert.deepEqual(dataplaneConfig(standard).prices, DEFAULT_PRICES);
});

test('a changed configuration rolls the pods that read it, and no others', async () => {
  const templates = (objects: readonly Rendered[]) =>
    ['operator', 'dataplane'].map((component) =>
      JSON.stringify(find(objects, 'Deployment', `cubby-${component}`).spec.template.metadata),
    );
  const [operator, dataplane] = templates(standard);
  assert.deepEqual(templates(await render()), [operator, dataplane]);
  const [changedOperator, sameDataplane] = templates(await render({ operator: { concurrency: 7 } }));
  assert.notEqual(changedOperator, operator);
  assert.equal(sameDataplane, dataplane);
});
