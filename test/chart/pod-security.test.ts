import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type PodSpec, podSpecs, render } from './chart.ts';
import { restrictedViolations } from './pod-security.ts';

const compliant = (): PodSpec => ({
  securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
  containers: [
    { name: 'a', image: 'i', securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } } },
  ],
  volumes: [{ name: 'v', emptyDir: {} }],
});

const breaches: Record<string, (pod: PodSpec) => void> = {
  hostNetwork: (pod) => Object.assign(pod, { hostNetwork: true }),
  sysctls: (pod) => Object.assign(pod.securityContext ?? {}, { sysctls: [{ name: 'kernel.msgmax' }] }),
  'volume v': (pod) => Object.assign(pod, { volumes: [{ name: 'v', hostPath: { path: '/' } }] }),
  'runAsUser 0': (pod) => Object.assign(pod.securityContext ?? {}, { runAsUser: 0 }),
  seccomp: (pod) => Object.assign(pod.securityContext ?? {}, { seccompProfile: { type: 'Unconfined' } }),
  seLinuxOptions: (pod) => Object.assign(pod.securityContext ?? {}, { seLinuxOptions: { type: 'spc_t' } }),
  appArmor: (pod) => Object.assign(pod.securityContext ?? {}, { appArmorProfile: { type: 'Unconfined' } }),
  'a: seccompProfile': (pod) => delete pod.securityContext?.seccompProfile,
  'a: runAsNonRoot': (pod) => delete pod.securityContext?.runAsNonRoot,
  'a: allowPrivilegeEscalation': (pod) => delete pod.containers[0]?.securityContext?.allowPrivilegeEscalation,
  'a: privileged': (pod) => Object.assign(pod.containers[0]?.securityContext ?? {}, { privileged: true }),
  'a: capabilities.drop': (pod) => Object.assign(pod.containers[0]?.securityContext ?? {}, { capabilities: {} }),
  'a: capabilities.add': (pod) => pod.containers[0]?.securityContext?.capabilities && addCapability(pod),
  'a: hostPort': (pod) =>
    Object.assign(pod.containers[0] ?? {}, { ports: [{ name: 'p', containerPort: 1, hostPort: 1 }] }),
  'a: probe host': (pod) => Object.assign(pod.containers[0] ?? {}, { livenessProbe: { httpGet: { host: 'x' } } }),
  'b: capabilities.drop': (pod) =>
    Object.assign(pod, {
      initContainers: [{ name: 'b', image: 'i', securityContext: { allowPrivilegeEscalation: false } }],
    }),
};

function addCapability(pod: PodSpec): void {
  Object.assign(pod.containers[0]?.securityContext?.capabilities ?? {}, { add: ['NET_ADMIN'] });
}

test('the checker accepts a restricted pod and names each rule that another breaks', () => {
  assert.deepEqual(restrictedViolations(compliant()), []);
  for (const [rule, breach] of Object.entries(breaches)) {
    const pod = compliant();
    breach(pod);
    assert.deepEqual(restrictedViolations(pod), [rule]);
  }
});

test('every pod of the chart is restricted, has a read-only root and asks for what it uses', async () => {
  const pods = podSpecs(await render());
  assert.deepEqual(pods.map(({ owner }) => owner.metadata.name).sort(), [
    'cubby-dataplane',
    'cubby-operator',
    'cubby-test',
  ]);
  for (const { owner, spec } of pods) {
    const name = owner.metadata.name;
    assert.deepEqual(restrictedViolations(spec), [], name);
    for (const container of spec.containers) {
      assert.equal(container.securityContext?.readOnlyRootFilesystem, true, name);
      const { requests, limits } = container.resources as { requests: object; limits: object };
      assert.deepEqual(Object.keys(requests), ['cpu', 'memory'], name);
      assert.deepEqual(Object.keys(limits), ['memory'], name);
    }
  }
});

test('only the pods that call the API server hold a token for it', async () => {
  const objects = await render();
  const holders = podSpecs(objects).filter(({ spec }) => spec.automountServiceAccountToken !== false);
  assert.deepEqual(holders.map(({ spec }) => spec.serviceAccountName).sort(), ['cubby-dataplane', 'cubby-operator']);
  for (const account of objects.filter(({ kind }) => kind === 'ServiceAccount')) {
    assert.equal(account.automountServiceAccountToken, false, account.metadata.name);
  }
});
