import assert from 'node:assert/strict';
import { test } from 'node:test';
import { leaseName, parseConfig } from '../../operator/config.ts';
import { find, type Rendered, render } from './chart.ts';

const gold = { name: 'gold', selector: 'tier=gold' };
const eu = { name: 'eu', selector: 'region in (eu, ch)' };
const monitored = { serviceMonitor: { enabled: true } };
const [without, sharded] = await Promise.all([
  render(monitored),
  render({ ...monitored, operator: { shards: [gold, eu] } }),
]);
const names = ['cubby-operator', 'cubby-operator-gold', 'cubby-operator-eu'];
const configOf = (name: string) =>
  parseConfig(find(sharded, 'ConfigMap', name).data['operator.json'], `ConfigMap ${name}`);
const keyOf = ({ kind, metadata }: Rendered) => `${kind}/${metadata.name}`;

test('shards change of the main operator its configuration and its right to leases, and of the rest nothing', () => {
  const changed = without.filter((object) => {
    const now = find(sharded, object.kind, object.metadata.name);
    return object.kind !== 'Role' && JSON.stringify(now) !== JSON.stringify(object);
  });
  assert.deepEqual(changed.map(keyOf), ['ConfigMap/cubby-operator', 'Deployment/cubby-operator']);
  const [before, now] = [without, sharded].map((all) => find(all, 'Deployment', 'cubby-operator'));
  for (const deployment of [before, now]) delete deployment?.spec.template.metadata.annotations['checksum/config'];
  assert.deepEqual(now, before);
});

test('a shard has one each of what the main operator has, alike but for names, labels and selectors', () => {
  const kinds = ['ConfigMap', 'Deployment', 'PodDisruptionBudget', 'NetworkPolicy', 'ServiceMonitor', 'Service'];
  const before = new Set(without.map(keyOf));
  const added = sharded.filter((object) => !before.has(keyOf(object)));
  const wanted = ['gold', 'eu'].flatMap((shard) =>
    kinds.map((kind) => `${kind}/cubby-operator-${shard}${kind === 'Service' ? '-metrics' : ''}`),
  );
  assert.deepEqual(added.map(keyOf).sort(), wanted.sort());
  for (const object of added.filter(({ kind }) => kind !== 'ConfigMap')) {
    const shard = object.metadata.labels['cubby.dev/shard'] ?? '';
    const main = find(sharded, object.kind, object.metadata.name.replace(`-${shard}`, ''));
    // A checksum follows from the configuration; the service account is the same one.
    const plain = (rendered: Rendered, from: string, to: string) =>
      JSON.stringify(rendered)
        .replace(/"checksum\/config":"\w+"/, '')
        .replaceAll('"serviceAccountName":"cubby-operator"', '')
        .replaceAll(from, to);
    const labels = '"app.kubernetes.io/component":"operator';
    assert.equal(
      plain(object, `${labels}-shard","cubby.dev/shard":"${shard}"`, `${labels}"`).replaceAll(
        `operator-${shard}`,
        'operator',
      ),
      plain(main, '', ''),
      keyOf(object),
    );
  }
  for (const name of names)
    assert.equal(find(sharded, 'Deployment', name).spec.template.spec.serviceAccountName, 'cubby-operator');
});

test('selectors find the pods of their own shard and no others', () => {
  const deployments = names.map((name) => find(sharded, 'Deployment', name));
  const found = (selector: Record<string, string>) =>
    deployments
      .filter(({ spec }) =>
        Object.entries(selector).every(([key, value]) => spec.template.metadata.labels[key] === value),
      )
      .map(({ metadata }) => metadata.name);
  for (const name of names) {
    assert.deepEqual(found(find(sharded, 'Deployment', name).spec.selector.matchLabels), [name]);
    assert.deepEqual(found(find(sharded, 'PodDisruptionBudget', name).spec.selector.matchLabels), [name]);
    assert.deepEqual(found(find(sharded, 'NetworkPolicy', name).spec.podSelector.matchLabels), [name]);
    assert.deepEqual(found(find(sharded, 'Service', `${name}-metrics`).spec.selector), [name]);
  }
  for (const { metadata, spec } of deployments)
    assert.equal(spec.template.spec.volumes[0].configMap.name, metadata.name, 'each reads its own configuration');
});

test('each operator leaves what is of those before it, and the main one what is of any', () => {
  const [rest, first, second] = names.map(configOf);
  assert.deepEqual([rest?.shard, rest?.except], [undefined, [gold.selector, eu.selector]]);
  assert.deepEqual([first?.shard, first?.except], [gold, []]);
  assert.deepEqual([second?.shard, second?.except], [eu, [gold.selector]]);
});

test('the leases that the operators may take are theirs by name, one for each', () => {
  const [rule] = (
    find(sharded, 'Role', 'cubby-operator').rules as { resources: string[]; resourceNames?: string[] }[]
  ).filter(({ resources, resourceNames }) => resourceNames && `${resources}` === 'leases');
  assert.deepEqual(
    rule?.resourceNames,
    names.map((name) => leaseName(configOf(name))),
  );
  assert.equal(new Set(rule?.resourceNames).size, names.length);
});

test('shards that cannot be told apart or named are refused', async () => {
  const refused = (shards: object[], why: RegExp) => assert.rejects(render({ operator: { shards } }), why);
  await refused([gold, { ...eu, name: 'gold' }], /two are called "gold"/);
  await refused([{ ...gold, name: 'Gold' }], /pattern/);
  await refused([{ name: 'gold' }], /selector/);
  await refused([{ ...gold, selector: '' }], /minLength/);
  await refused([{ ...gold, replicas: 3 }], /replicas/);
});
