import assert from 'node:assert/strict';
import { test } from 'node:test';
import { find, podSpecs, type Rendered, render } from './chart.ts';

const standard = await render();

type Toggle = [name: string, values: object, isTrue: (objects: readonly Rendered[]) => boolean];

/** Values that switch something, and what must be true with them and must not be true without them. */
const toggles: Toggle[] = [
  ['image.tag', { image: { tag: 'x' } }, (all) => everyImage(all, 'ghcr.io/cubby-dev/cubby:x')],
  [
    'image.digest',
    { image: { repository: 'r', digest: `sha256:${'0'.repeat(64)}` } },
    (all) => everyImage(all, `r:0.1.0@sha256:${'0'.repeat(64)}`),
  ],
  ['image.pullPolicy', { image: { pullPolicy: 'Never' } }, (all) => everyPod(all, /"imagePullPolicy":"Never"/)],
  [
    'imagePullSecrets',
    { imagePullSecrets: [{ name: 's' }] },
    (all) => everyPod(all, /"imagePullSecrets":\[{"name":"s"}/),
  ],
  [
    'backups.imagePullSecrets',
    { backups: { imagePullSecrets: [{ name: 's' }] } },
    (all) => configOf(all, 'operator').backupPullSecrets?.[0]?.name === 's',
  ],
  ['crds.enabled', { crds: { enabled: false } }, (all) => !has(all, 'CustomResourceDefinition')],
  ['crds.keep', { crds: { keep: false } }, (all) => !keeps(all, 'CustomResourceDefinition')],
  [
    'masterKey.secretName',
    { masterKey: { secretName: 'k' } },
    (all) => /"secret":{"name":"k"/.test(JSON.stringify(all)),
  ],
  ['networkPolicy.enabled', { networkPolicy: { enabled: false } }, (all) => !has(all, 'NetworkPolicy')],
  ['ledger.enabled', { ledger: { enabled: false } }, (all) => !('ledger' in configOf(all, 'operator'))],
  [
    'ledger.persistence.storageClassName',
    { ledger: { persistence: { storageClassName: 'fast' } } },
    (all) => configOf(all, 'operator').ledger.storageClassName === 'fast',
  ],
  [
    'dataplane.management.enabled',
    { dataplane: { management: { enabled: false } } },
    (all) => !has(all, 'Namespace') && !('management' in configOf(all, 'dataplane')),
  ],
  [
    'dataplane.management.createNamespace',
    { dataplane: { management: { createNamespace: false } } },
    (all) => !has(all, 'Namespace') && 'management' in configOf(all, 'dataplane'),
  ],
  [
    'networkPolicy.dataplaneEgress',
    { networkPolicy: { dataplaneEgress: [{ ports: [{ port: 4318, protocol: 'TCP' }] }] } },
    (all) => JSON.stringify(find(all, 'NetworkPolicy', 'cubby-dataplane').spec.egress).includes('4318'),
  ],
  ['prometheusRule.enabled', { prometheusRule: { enabled: true } }, (all) => has(all, 'PrometheusRule')],
  [
    'grafanaDashboard.enabled',
    { grafanaDashboard: { enabled: true } },
    (all) => all.some(({ metadata }) => metadata.labels.grafana_dashboard === '1'),
  ],
  ['serviceMonitor.enabled', { serviceMonitor: { enabled: true } }, (all) => has(all, 'ServiceMonitor')],
  [
    'dataplane.autoscaling.enabled',
    { dataplane: { autoscaling: { enabled: true } } },
    (all) => has(all, 'HorizontalPodAutoscaler') && !('replicas' in find(all, 'Deployment', 'cubby-dataplane').spec),
  ],
  [
    'dataplane.service.nodePort',
    { dataplane: { service: { type: 'NodePort', nodePort: 30080, port: 81 } } },
    (all) => {
      const { type, ports } = find(all, 'Service', 'cubby-dataplane').spec;
      return type === 'NodePort' && ports[0].nodePort === 30080 && ports[0].port === 81;
    },
  ],
  [
    'dataplane.service.annotations',
    { dataplane: { service: { annotations: { a: 'b' } } } },
    (all) => find(all, 'Service', 'cubby-dataplane').metadata.annotations?.a === 'b',
  ],
];

/** Values that both components have, and the field of the Deployment that takes them. */
const perComponent: [name: string, field: string, value: unknown][] = [
  ['replicas', 'replicas', 3],
  ['priorityClassName', 'priorityClassName', 'high'],
  ['nodeSelector', 'nodeSelector', { disk: 'ssd' }],
  ['tolerations', 'tolerations', [{ key: 'k', operator: 'Exists' }]],
  ['affinity', 'affinity', { podAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [] } }],
  ['podAnnotations', 'annotations', { 'example.com/a': 'b' }],
  ['extraEnv', 'env', [{ name: 'HTTPS_PROXY', value: 'p' }]],
  ['resources', 'resources', { limits: { memory: '3Gi' } }],
];
for (const component of ['operator', 'dataplane']) {
  for (const [name, field, value] of perComponent) {
    const isTrue = (all: readonly Rendered[]) =>
      holds(find(all, 'Deployment', `cubby-${component}`).spec, field, value);
    toggles.push([`${component}.${name}`, { [component]: { [name]: value } }, isTrue]);
  }
}

for (const [name, values, isTrue] of toggles) {
  test(`${name} does what it says`, async () => {
    assert.equal(isTrue(standard), false);
    assert.equal(isTrue(await render(values)), true);
  });
}

test('a node port that is left over from another type does not break a ClusterIP Service', async () => {
  const objects = await render({ dataplane: { service: { nodePort: 30080 } } });
  assert.deepEqual(Object.keys(find(objects, 'Service', 'cubby-dataplane').spec.ports[0]).includes('nodePort'), false);
});

function has(objects: readonly Rendered[], kind: string): boolean {
  return objects.some((object) => object.kind === kind);
}

function keeps(objects: readonly Rendered[], kind: string): boolean {
  return objects.some(
    (object) => object.kind === kind && object.metadata.annotations?.['helm.sh/resource-policy'] === 'keep',
  );
}

// biome-ignore lint/suspicious/noExplicitAny: the configuration of either process
function configOf(objects: readonly Rendered[], component: string): any {
  return JSON.parse(find(objects, 'ConfigMap', `cubby-${component}`).data[`${component}.json`]);
}

function everyPod(objects: readonly Rendered[], pattern: RegExp): boolean {
  return podSpecs(objects).every(({ spec }) => pattern.test(JSON.stringify(spec)));
}

function everyImage(objects: readonly Rendered[], image: string): boolean {
  return podSpecs(objects).every(({ spec }) => spec.containers.every((container) => container.image === image));
}

/** Whether `field`, somewhere in `node`, is or contains what `value` says. */
function holds(node: unknown, field: string, value: unknown): boolean {
  if (typeof node !== 'object' || node === null) return false;
  return Object.entries(node).some(
    ([key, child]) => (key === field && covers(child, value)) || holds(child, field, value),
  );
}

function covers(actual: unknown, expected: unknown): boolean {
  if (Array.isArray(expected)) {
    return Array.isArray(actual) && expected.every((item) => actual.some((other) => covers(other, item)));
  }
  if (typeof expected !== 'object' || expected === null) return actual === expected;
  return Object.entries(expected).every(([key, value]) => covers((actual as Record<string, unknown>)?.[key], value));
}
