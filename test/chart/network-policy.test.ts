import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PROGRESS_PORT } from '../../contract/backup.ts';
import { MANAGED_BY, MANAGED_BY_LABEL, storeLabels } from '../../contract/labels.ts';
import { REDIS_PORT, SENTINEL_PORT } from '../../contract/names.ts';
import { find, render } from './chart.ts';

interface Rule {
  ports: { port: string | number; protocol: string }[];
  from?: object[];
  to?: { namespaceSelector?: object; podSelector: { matchLabels: Record<string, string> } }[];
}

const monitoring = { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } } };

async function policy(component: string, networkPolicy: object = {}) {
  const { spec } = find(await render({ networkPolicy }), 'NetworkPolicy', `cubby-${component}`);
  assert.deepEqual(spec.policyTypes, ['Ingress', 'Egress']);
  return { ingress: (spec.ingress ?? []) as Rule[], egress: spec.egress as Rule[] };
}

const ruleFor = (rules: readonly Rule[], port: string | number) =>
  rules.find((rule) => rule.ports.some((candidate) => candidate.port === port));

test('everyone may call the data plane, and only the monitoring namespace reads metrics', async () => {
  const { ingress } = await policy('dataplane');
  assert.equal(ruleFor(ingress, 'http')?.from, undefined);
  assert.deepEqual(ruleFor(ingress, 'http-metrics')?.from, [monitoring]);
  assert.equal(ingress.length, 2);
});

test('named clients, and the test of the chart, are then the only callers', async () => {
  const gateway = { namespaceSelector: { matchLabels: { team: 'edge' } } };
  const { ingress } = await policy('dataplane', { clients: [gateway] });
  const { labels } = find(await render(), 'Pod', 'cubby-test').metadata;
  const tester = {
    'app.kubernetes.io/name': labels['app.kubernetes.io/name'],
    'app.kubernetes.io/instance': labels['app.kubernetes.io/instance'],
    'app.kubernetes.io/component': labels['app.kubernetes.io/component'],
  };
  assert.deepEqual(ruleFor(ingress, 'http')?.from, [gateway, { podSelector: { matchLabels: tester } }]);
});

test('without scrapers nobody reaches the metrics', async () => {
  assert.deepEqual((await policy('operator', { scrapers: [] })).ingress, []);
  assert.equal(ruleFor((await policy('dataplane', { scrapers: [] })).ingress, 'http-metrics'), undefined);
});

for (const component of ['operator', 'dataplane']) {
  test(`the ${component} reaches names, the API server, Redis and Sentinels of stores, and nothing else but backups' progress`, async () => {
    const { egress } = await policy(component, { apiServerPorts: [16443] });
    assert.deepEqual(
      egress.map((rule) => rule.ports.map(({ port, protocol }) => `${protocol} ${port}`)),
      [
        ['UDP 53', 'TCP 53'],
        ['TCP 16443'],
        [`TCP ${REDIS_PORT}`, `TCP ${SENTINEL_PORT}`],
        ...(component === 'operator' ? [[`TCP ${PROGRESS_PORT}`]] : []),
      ],
    );
    const [redis] = ruleFor(egress, REDIS_PORT)?.to ?? [];
    assert.deepEqual(redis?.namespaceSelector, {});
    const labels = storeLabels('main');
    for (const [label, value] of Object.entries(redis?.podSelector.matchLabels ?? { none: '' })) {
      assert.equal(labels[label], value, label);
    }
    assert.equal(redis?.podSelector.matchLabels[MANAGED_BY_LABEL], MANAGED_BY);
  });
}
