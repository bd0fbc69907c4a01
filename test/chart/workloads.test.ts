import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { OPERATOR_ENV, OPERATOR_FLAGS } from '../../bench/operator/replica.ts';
import { chartFolder, find, podSpecs, type Rendered, render } from './chart.ts';

const standard = await render();
const deployments = (objects: readonly Rendered[]) => objects.filter(({ kind }) => kind === 'Deployment');

test('every object says what it belongs to, and that Helm manages it rather than the operator', () => {
  for (const { kind, metadata } of standard) {
    const { labels } = metadata;
    assert.equal(labels['app.kubernetes.io/name'], 'cubby', `${kind} ${metadata.name}`);
    assert.equal(labels['app.kubernetes.io/instance'], 'cubby', `${kind} ${metadata.name}`);
    assert.equal(labels['app.kubernetes.io/managed-by'], 'Helm', `${kind} ${metadata.name}`);
  }
});

test('selectors find the pods of their own component and no others', () => {
  const matches = (selector: Record<string, string>, labels: Record<string, string>) =>
    Object.entries(selector).every(([label, value]) => labels[label] === value);
  for (const component of ['operator', 'dataplane']) {
    const name = `cubby-${component}`;
    const selectors = [
      find(standard, 'Deployment', name).spec.selector.matchLabels,
      find(standard, 'PodDisruptionBudget', name).spec.selector.matchLabels,
      find(standard, 'NetworkPolicy', name).spec.podSelector.matchLabels,
      find(standard, 'Service', `${name}-metrics`).spec.selector,
    ];
    for (const selector of selectors) {
      const found = deployments(standard).filter(({ spec }) => matches(selector, spec.template.metadata.labels));
      assert.deepEqual(
        found.map(({ metadata }) => metadata.name),
        [name],
      );
      assert.ok(!matches(selector, find(standard, 'Pod', 'cubby-test').metadata.labels));
    }
  }
});

test('the operator runs as the benchmark of its memory has it', () => {
  const [{ command, env, resources }] = find(standard, 'Deployment', 'cubby-operator').spec.template.spec.containers;
  assert.deepEqual(command, ['node', ...OPERATOR_FLAGS.slice(0, -1), 'dist/operator.js']);
  assert.deepEqual([OPERATOR_FLAGS.at(-1), resources.limits.memory], ['--max-old-space-size=256', '512Mi']);
  for (const { name, value } of env) assert.equal(OPERATOR_ENV[name], value);
});

test('there are two replicas, spread where possible, one of which a rollout or a drain leaves', () => {
  for (const { metadata, spec } of deployments(standard)) {
    assert.equal(spec.replicas, 2);
    assert.equal(spec.strategy.rollingUpdate.maxUnavailable, 0);
    assert.equal(find(standard, 'PodDisruptionBudget', metadata.name).spec.maxUnavailable, 1);
    const topologies = spec.template.spec.topologySpreadConstraints as Record<string, unknown>[];
    assert.deepEqual(
      topologies.map((constraint) => [constraint.topologyKey, constraint.whenUnsatisfiable]),
      [
        ['kubernetes.io/hostname', 'ScheduleAnyway'],
        ['topology.kubernetes.io/zone', 'ScheduleAnyway'],
      ],
    );
  }
});

test('every port that a Service, a probe or a policy names is a port of the pods', () => {
  const names = (object: Rendered) =>
    (object.spec.template.spec.containers[0].ports as { name: string; containerPort: number }[]).map((p) => p.name);
  for (const deployment of deployments(standard)) {
    const { metadata, spec } = deployment;
    const [container] = spec.template.spec.containers;
    const probes = ['startupProbe', 'livenessProbe', 'readinessProbe'].map((name) => container[name].httpGet.port);
    const policy = find(standard, 'NetworkPolicy', metadata.name).spec.ingress as { ports: { port: string }[] }[];
    const metrics = find(standard, 'Service', `${metadata.name}-metrics`).spec.ports[0].targetPort;
    for (const port of [...probes, ...policy.flatMap((rule) => rule.ports.map((p) => p.port)), metrics]) {
      assert.ok(names(deployment).includes(port), `${metadata.name} ${port}`);
    }
  }
  const [port] = find(standard, 'Service', 'cubby-dataplane').spec.ports;
  assert.ok(names(find(standard, 'Deployment', 'cubby-dataplane')).includes(port.targetPort));
});

test('a stopping data-plane pod has more time than it takes to drain', async () => {
  for (const drainSeconds of [0, 15, 120]) {
    const objects = await render({ dataplane: { drainSeconds } });
    const { spec } = find(objects, 'Deployment', 'cubby-dataplane').spec.template;
    assert.ok(spec.terminationGracePeriodSeconds >= drainSeconds + 10);
  }
});

test('the command of each pod is one that the image has', () => {
  const dockerfile = readFileSync(join(chartFolder, '../../Dockerfile'), 'utf8');
  for (const { spec } of podSpecs(deployments(standard))) {
    const command = spec.containers[0]?.command ?? [];
    const [program, script] = [command[0], command.at(-1)];
    assert.deepEqual([program, script?.startsWith('dist/')], ['node', true]);
    assert.match(dockerfile, /^COPY dist\/ dist\/$/m);
    assert.match(dockerfile, new RegExp(`^USER ${spec.securityContext?.runAsUser}:`, 'm'));
  }
});
