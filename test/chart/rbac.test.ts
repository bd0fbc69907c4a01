import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { chartFolder, render } from './chart.ts';

interface Rule {
  apiGroups: string[];
  resources: string[];
  verbs: string[];
  resourceNames?: string[];
}

const objects = await render();
const roles = objects.filter(({ kind }) => kind === 'ClusterRole' || kind === 'Role');
const rulesOf = (name: string, namespace?: string) =>
  roles
    .filter(({ metadata }) => metadata.name === name && (!namespace || metadata.namespace === namespace))
    .flatMap(({ rules }) => rules as Rule[]);

/** `group/resource verb` for every single grant of the rules. */
function grants(rules: readonly Rule[]): string[] {
  return rules.flatMap(({ apiGroups, resources, verbs }) =>
    apiGroups.flatMap((group) => resources.flatMap((name) => verbs.map((verb) => `${group}/${name} ${verb}`))),
  );
}

test('no role has a wildcard', () => {
  assert.ok(roles.length > 0);
  for (const { metadata, rules } of roles) {
    for (const rule of rules as Rule[]) {
      assert.ok(!Object.values(rule).flat().includes('*'), `${metadata.name}: ${JSON.stringify(rule)}`);
    }
  }
});

test('no grant is written twice', () => {
  for (const { metadata, rules } of roles) {
    const all = grants((rules as Rule[]).filter((rule) => !rule.resourceNames));
    assert.equal(new Set(all).size, all.length, metadata.name);
  }
});

test('the data plane reads and, in one namespace, writes stores, tokens and backups, deletes no store, and does nothing else', async () => {
  const of = (names: string[], verbs: string[]) =>
    names.flatMap((name) => verbs.map((verb) => `cubby.dev/${name} ${verb}`));
  const backups = ['kvbackups', 'kvbackupschedules'];
  const reads = [...of(['kvstores', 'kvtokens'], ['get', 'list', 'watch']), ...of(backups, ['get', 'list'])];
  const writes = [
    ...of(['kvstores'], ['get', 'create', 'patch']),
    ...of(['kvtokens'], ['get', 'create', 'delete']),
    ...of(backups, ['create', 'patch', 'delete']),
  ];
  const ofDataplane = (all: typeof roles) =>
    all.filter(({ kind, metadata }) => /Role$/.test(kind) && metadata.name === 'cubby-dataplane');
  assert.deepEqual(
    ofDataplane(roles).map(({ kind, metadata, rules }) => [kind, metadata.namespace, grants(rules as Rule[])]),
    [
      ['ClusterRole', undefined, reads],
      ['Role', 'cubby-tenants', writes],
    ],
  );
  const without = ofDataplane(await render({ dataplane: { management: { enabled: false } } }));
  assert.deepEqual(
    without.map(({ kind }) => kind),
    ['ClusterRole'],
  );
});

test('nobody may escalate: no grant on roles, bindings, tokens, exec, impersonation or namespaces', () => {
  const dangerous =
    /rbac|escalate|bind|impersonate|pods\/(exec|attach|portforward)|serviceaccounts\/token|namespaces|nodes/;
  for (const { metadata, rules } of roles) {
    assert.deepEqual(
      grants(rules as Rule[]).filter((grant) => dangerous.test(grant)),
      [],
      metadata.name,
    );
  }
});

test('the operator deletes pods, Secrets, StatefulSets and backups and nothing else, and creates of stores the ledger alone', async () => {
  const all = grants(rulesOf('cubby-operator'));
  assert.deepEqual(
    all.filter((grant) => grant.includes('delete')),
    ['cubby.dev/kvbackups delete', '/secrets delete', 'apps/statefulsets delete', '/pods delete'],
  );
  assert.deepEqual(
    all.filter((grant) => /^cubby\.dev\/.* (create|patch|update)$/.test(grant)),
    [
      // The finalizer of deletionPolicy Backup. RBAC knows no part of an object smaller than its subresources.
      'cubby.dev/kvstores patch',
      'cubby.dev/kvbackups create',
      'cubby.dev/kvbackups patch',
      'cubby.dev/kvstores/status patch',
      'cubby.dev/kvtokens/status patch',
      'cubby.dev/kvbackups/status patch',
      'cubby.dev/kvbackupschedules/status patch',
      // Not a write by itself: permission to set owner references that block deletion.
      'cubby.dev/kvstores/finalizers update',
      'cubby.dev/kvtokens/finalizers update',
      'cubby.dev/kvbackups/finalizers update',
      'cubby.dev/kvstores create',
      'cubby.dev/kvstores patch',
    ],
  );
  const ledger = (rules: Rule[]) =>
    rules.filter(({ resources, resourceNames }) => resourceNames && `${resources}` === 'kvstores');
  const [rule, ...more] = ledger(rulesOf('cubby-operator', 'cubby-system'));
  assert.deepEqual([rule?.resourceNames, rule?.verbs, more], [['ledger'], ['create', 'patch'], []]);
  const without = await render({ ledger: { enabled: false } });
  assert.deepEqual(
    without.flatMap(({ kind, rules }) => (kind === 'Role' ? ledger(rules) : [])),
    [],
  );
});

test("the table in the operator's README is what the chart grants", () => {
  const readme = readFileSync(join(chartFolder, '../../operator/README.md'), 'utf8');
  const rows = [...readme.matchAll(/^\| ([\w.()]+) +\| (.+?) +\| (.+?) +\|$/gm)].filter(([, group]) => group !== 'API');
  const documented = rows.flatMap(([, group = '', resources = '', verbs = '']) =>
    grants([
      {
        apiGroups: [group === '(core)' ? '' : group],
        resources: resources.replace(/ \(.*\)$/, '').split(', '),
        verbs: verbs.split(', '),
      },
    ]),
  );
  assert.deepEqual(documented.sort(), grants(rulesOf('cubby-operator')).sort());
});

test('the lease of the leader election is the only one that the operator may take', () => {
  const leases = rulesOf('cubby-operator').filter((rule) => rule.resources.includes('leases'));
  const config = objects.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === 'cubby-operator');
  const { leaderElection } = JSON.parse(config?.data['operator.json']);
  for (const rule of leases) {
    if (rule.verbs.includes('create')) assert.deepEqual(rule.verbs, ['create']);
    else assert.deepEqual(rule.resourceNames, [leaderElection.name]);
  }
  assert.equal(leases.length, 2);
});

test('editors of a namespace may change stores, tokens and backups, viewers see them, neither writes a status', () => {
  const aggregated = roles.filter(({ metadata }) =>
    Object.keys(metadata.labels).some((label) => label.includes('/aggregate-to-')),
  );
  assert.deepEqual(aggregated.map(({ metadata }) => metadata.name).sort(), ['cubby-edit', 'cubby-view']);
  assert.ok(grants(rulesOf('cubby-edit')).includes('cubby.dev/kvstores create'));
  assert.deepEqual([...new Set(rulesOf('cubby-view').flatMap(({ verbs }) => verbs))], ['get', 'list', 'watch']);
  for (const { rules } of aggregated) {
    assert.deepEqual(
      (rules as Rule[]).flatMap(({ resources }) => resources),
      ['kvstores', 'kvtokens', 'kvbackups', 'kvbackupschedules'],
    );
  }
});

test('every binding joins a role of the chart to the service account of the same name', () => {
  const bindings = objects.filter(({ kind }) => kind.endsWith('RoleBinding'));
  assert.equal(bindings.length, 4);
  for (const { metadata, roleRef, subjects } of bindings) {
    assert.equal(roleRef.name, metadata.name);
    assert.deepEqual(subjects, [{ kind: 'ServiceAccount', name: metadata.name, namespace: 'cubby-system' }]);
  }
});
