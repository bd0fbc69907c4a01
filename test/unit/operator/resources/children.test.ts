import assert from 'node:assert/strict';
import { test } from 'node:test';
import { children } from '../../../../operator/resources/index.ts';
import { ACCEPTED_ANNOTATION, type StorePlan } from '../../../../operator/resources/plan.ts';
import { podTemplate } from '../../../../operator/resources/pod-template.ts';
import { preflightPod, versionOf } from '../../../../operator/resources/preflight-pod.ts';
import { statefulSet } from '../../../../operator/resources/statefulset.ts';
import { plan, store } from '../objects.ts';

// biome-ignore lint/suspicious/noExplicitAny: manifests are looked at field by field
const all = (from: StorePlan): any[] => children(from).flat();
// biome-ignore lint/suspicious/noExplicitAny: as above
const template = (from: StorePlan): any => podTemplate(from);

test('the children, with the StatefulSet last', () => {
  assert.deepEqual(
    all(plan()).map(({ kind, metadata }) => `${kind}/${metadata.name}`),
    [
      'NetworkPolicy/main-redis',
      'ServiceAccount/main-redis',
      'ConfigMap/main-redis',
      'Secret/main-redis-acl',
      'Service/main-redis',
      'Service/main-redis-headless',
      'StatefulSet/main-redis',
    ],
  );
});

test('native access adds a Secret for service bindings, and lets the namespace reach Redis', () => {
  const open = all(plan({ access: { redis: true } }, { access: { password: 'native-password' } }));
  const secret = open.at(-1);
  assert.equal(secret.metadata.name, 'main-redis-access');
  assert.equal(secret.type, 'servicebinding.io/redis');
  const entries = Object.entries<string>(secret.data).map(([key, text]) => [
    key,
    Buffer.from(text, 'base64').toString(),
  ]);
  assert.deepEqual(Object.fromEntries(entries), {
    type: 'redis',
    provider: 'cubby',
    host: 'main-redis.shop.svc',
    port: '6379',
    username: 'native',
    password: 'native-password',
    database: '0',
    uri: 'redis://native:native-password@main-redis.shop.svc:6379/0',
  });
  assert.equal(JSON.stringify(open.slice(0, -1)).includes('native-password'), false);
  const cubby = {
    namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'cubby-system' } },
    podSelector: { matchLabels: { 'app.kubernetes.io/name': 'cubby' } },
  };
  const ports = [{ port: 6379, protocol: 'TCP' }];
  assert.deepEqual(open[0].spec.ingress, [{ from: [cubby, { podSelector: {} }], ports }]);
  assert.deepEqual(all(plan())[0].spec.ingress, [{ from: [cubby], ports }]);
});

test('every child has the label by which the operator finds it, and names its store', () => {
  for (const { metadata } of all(plan())) {
    assert.equal(metadata.labels['app.kubernetes.io/managed-by'], 'cubby');
    assert.equal(metadata.labels['cubby.dev/store'], 'main');
    assert.equal(metadata.namespace, 'shop');
  }
});

test('equal plans give equal children', () => {
  assert.deepEqual(all(plan()), all(plan()));
});

test('no child holds a password', () => {
  const text = JSON.stringify(all(plan())) + Buffer.from(all(plan())[3].data['users.acl'], 'base64').toString();
  assert.doesNotMatch(text, /dataplane-password|operator-password/);
});

/** What Pod Security "restricted" forbids in a pod (https://kubernetes.io/docs/concepts/security/pod-security-standards/). */
// biome-ignore lint/suspicious/noExplicitAny: as above
function violations(spec: any): string[] {
  const found: string[] = [];
  const check = (holds: unknown, what: string) => holds || found.push(what);
  check(!spec.hostNetwork && !spec.hostPID && !spec.hostIPC, 'host namespaces');
  check(spec.securityContext?.seccompProfile?.type === 'RuntimeDefault', 'seccomp');
  check(spec.securityContext?.runAsNonRoot === true && spec.securityContext.runAsUser !== 0, 'root');
  const volumeKinds = ['configMap', 'downwardAPI', 'emptyDir', 'persistentVolumeClaim', 'projected', 'secret'];
  for (const { name, ...source } of spec.volumes ?? [])
    check(
      Object.keys(source).every((kind) => volumeKinds.includes(kind)),
      `volume ${name}`,
    );
  for (const { securityContext, ports } of spec.containers) {
    check(securityContext?.allowPrivilegeEscalation === false && !securityContext.privileged, 'privileges');
    check(securityContext?.capabilities?.drop?.includes('ALL') && !securityContext.capabilities.add, 'capabilities');
    check(
      (ports ?? []).every((port: { hostPort?: number }) => port.hostPort === undefined),
      'host port',
    );
  }
  return found;
}

for (const mode of ['aof', 'rdb', 'none'] as const) {
  test(`the pod passes Pod Security "restricted" under ${mode}`, () => {
    const { spec } = template(plan({ persistence: { mode, fsync: 'everysec', size: '1Gi' } }));
    assert.deepEqual(violations(spec), []);
    assert.equal(spec.automountServiceAccountToken, false);
    assert.equal(spec.containers[0].securityContext.readOnlyRootFilesystem, true);
  });
}

test('the preflight pod passes Pod Security "restricted" and is no endpoint of the store', () => {
  const pod = preflightPod(store(), { image: 'redis:9', scheduling: {}, node: 'node-1' });
  assert.deepEqual(violations(pod.spec), []);
  const { selector } = all(plan())[4].spec;
  assert.ok(Object.entries(selector).some(([name, value]) => pod.metadata.labels[name] !== value));
});

test('the checker of Pod Security sees a violation', () => {
  const { spec } = template(plan());
  assert.deepEqual(
    violations({ ...spec, hostNetwork: true, containers: [{ ...spec.containers[0], securityContext: {} }] }),
    ['host namespaces', 'privileges', 'capabilities'],
  );
});

test('memory and policy change the template but not the restart hash; image and scheduling change it', () => {
  const hash = (from: StorePlan) => template(from).metadata.annotations['cubby.dev/restart-hash'];
  const { accepted, settings } = plan();
  const live = plan(
    { evictionPolicy: 'allkeys-lru' },
    { accepted: { ...accepted, memory: 2 ** 30, config: { hz: '20' } }, settings: { ...settings, maxmemory: 2 ** 30 } },
  );
  assert.equal(hash(live), hash(plan()));
  assert.notDeepEqual(template(live), template(plan()));
  assert.notEqual(hash(plan({}, { accepted: { ...accepted, image: 'redis:9' } })), hash(plan()));
  assert.notEqual(
    hash(plan({}, { accepted: { ...accepted, scheduling: { nodeSelector: { disk: 'ssd' } } } })),
    hash(plan()),
  );
});

test('scheduling is in the pod as spec has it', () => {
  const scheduling = {
    nodeSelector: { disk: 'ssd' },
    priorityClassName: 'high',
    tolerations: [{ key: 'a', operator: 'Exists' as const }],
  };
  const { spec } = template(plan({}, { accepted: { ...plan().accepted, scheduling } }));
  assert.deepEqual(
    { nodeSelector: spec.nodeSelector, priorityClassName: spec.priorityClassName, tolerations: spec.tolerations },
    scheduling,
  );
});

test('the StatefulSet replaces no pod by itself, takes no claim with it, and remembers what was accepted', () => {
  // biome-ignore lint/suspicious/noExplicitAny: as above
  const { spec, metadata } = statefulSet(plan({ deletionPolicy: 'Delete' })) as any;
  assert.deepEqual(spec.updateStrategy, { type: 'OnDelete' });
  assert.deepEqual(spec.persistentVolumeClaimRetentionPolicy, { whenScaled: 'Retain', whenDeleted: 'Retain' });
  assert.deepEqual(JSON.parse(metadata.annotations[ACCEPTED_ANNOTATION]), plan().accepted);
  assert.equal(metadata.annotations['cubby.dev/catalogue-version'], '8.0');
});

test('a claim template that exists is kept, with what the API server filled in left out', () => {
  // biome-ignore lint/suspicious/noExplicitAny: as above
  const first = (statefulSet(plan()) as any).spec.volumeClaimTemplates[0];
  const stored = { ...first, spec: { ...first.spec, volumeMode: 'Filesystem' }, status: { phase: 'Pending' } };
  const grown = plan({ persistence: { mode: 'aof', fsync: 'everysec', size: '5Gi' } });
  // biome-ignore lint/suspicious/noExplicitAny: as above
  assert.deepEqual((statefulSet(grown, stored) as any).spec.volumeClaimTemplates, [first]);
});

test('without persistence there is no claim, and the data directory is empty at each start', () => {
  const none = plan({ persistence: { mode: 'none', fsync: 'everysec', size: '1Gi' } });
  // biome-ignore lint/suspicious/noExplicitAny: as above
  const { spec } = statefulSet(none) as any;
  assert.equal(spec.volumeClaimTemplates, undefined);
  assert.deepEqual(
    spec.template.spec.volumes.find(({ name }: { name: string }) => name === 'data'),
    { name: 'data', emptyDir: {} },
  );
});

test("only Cubby's own pods reach Redis, and Redis reaches nobody", () => {
  const { spec } = all(plan())[0];
  assert.deepEqual(spec.policyTypes, ['Ingress', 'Egress']);
  assert.equal(spec.egress, undefined);
  assert.equal(spec.ingress.length, 1);
  assert.deepEqual(spec.ingress[0].from, [
    {
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'cubby-system' } },
      podSelector: { matchLabels: { 'app.kubernetes.io/name': 'cubby' } },
    },
  ]);
});

test('the liveness probe bears a Redis that loads, and the startup probe gives it an hour', () => {
  const [container] = template(plan()).spec.containers;
  assert.ok(!container.livenessProbe.exec.command.includes('-e'), 'an error reply is an answer');
  assert.ok(container.readinessProbe.exec.command.includes('-e'));
  assert.ok(container.startupProbe.periodSeconds * container.startupProbe.failureThreshold >= 3600);
});

test('the version is read from what redis-server prints', () => {
  assert.equal(versionOf('Redis server v=8.0.2 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64 build=1'), '8.0.2');
  assert.equal(versionOf('sh: redis-server: not found'), undefined);
});

const replication: StorePlan['replication'] = {
  addresses: ['10.0.0.1', '10.0.0.2', '10.0.0.3'],
  passwords: { dataplane: [''], operator: [''], replica: [''], sentinel: [''] },
};

test('a member of a replicated store hands over before it ends, well within its grace period; another Redis has no hook', () => {
  const { spec } = template(plan({}, { replication }));
  const [redis, sentinel] = spec.containers;
  assert.deepEqual(redis?.lifecycle, {
    preStop: { exec: { command: ['timeout', '15', 'sh', '/etc/redis/hand-over.sh'] } },
  });
  assert.ok(spec.terminationGracePeriodSeconds >= 60, 'Redis has the rest to save its data');
  assert.equal(sentinel?.lifecycle, undefined);
  assert.ok(template(plan()).spec.containers.every((container: object) => !('lifecycle' in container)));
});

test('a Sentinel has processor reserved, without which a busy node keeps it from answering', () => {
  const [, sentinel] = template(plan({}, { replication })).spec.containers;
  assert.equal(sentinel.name, 'sentinel');
  assert.equal(sentinel.resources.requests.cpu, '10m');
});
