import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ensureBinaries } from '../../cluster/binaries.ts';
import { run } from '../../cluster/command.ts';
import { createProgress } from '../../cluster/progress.ts';
import { apply, eventually, kubectl, type Manifest, read } from './cluster.ts';
import { kubeconfig } from './environment.ts';
import { runPod, scriptPod } from './pod.ts';
import { createTenant } from './tenant.ts';

test('helm test succeeds on the installed release', async () => {
  const { helm } = await ensureBinaries(['helm'], createProgress(console.error));
  const output = await run(helm, ['test', 'cubby', '--namespace', 'cubby-system', '--kubeconfig', kubeconfig]);
  assert.match(output, /Phase:\s+Succeeded/);
});

test('Pod Security restricted is enforced where Cubby runs', async () => {
  const namespace = await read('namespace', 'default', 'cubby-system');
  assert.equal(namespace.metadata.labels['pod-security.kubernetes.io/enforce'], 'restricted');
});

test('the data plane may read no Secret and write in one namespace, the operator nothing beyond what it keeps', async () => {
  const can = async (account: string, verb: string, what: string, namespace: string) => {
    const user = `system:serviceaccount:cubby-system:cubby-${account}`;
    return kubectl('auth', 'can-i', verb, what, '-n', namespace, '--as', user).then(
      (answer) => answer === 'yes',
      () => false,
    );
  };
  assert.equal(await can('dataplane', 'list', 'kvstores.cubby.dev', 'quickstart'), true);
  for (const verb of ['get', 'list', 'watch']) {
    assert.equal(await can('dataplane', verb, 'secrets', 'quickstart'), false, verb);
    assert.equal(await can('dataplane', verb, 'secrets', 'cubby-system'), false, verb);
  }
  for (const [verb, kind] of [
    ['create', 'kvstores.cubby.dev'],
    ['create', 'kvtokens.cubby.dev'],
    ['delete', 'kvtokens.cubby.dev'],
  ] as const) {
    assert.equal(await can('dataplane', verb, kind, 'cubby-tenants'), true, `${verb} ${kind}`);
    assert.equal(await can('dataplane', verb, kind, 'quickstart'), false, `${verb} ${kind}`);
    assert.equal(await can('dataplane', verb, kind, 'cubby-system'), false, `${verb} ${kind}`);
  }
  assert.equal(await can('dataplane', 'delete', 'kvstores.cubby.dev', 'cubby-tenants'), false);
  assert.equal(await can('operator', 'create', 'statefulsets.apps', 'quickstart'), true);
  for (const what of ['persistentvolumeclaims', 'configmaps', 'kvstores.cubby.dev', 'namespaces']) {
    assert.equal(await can('operator', 'delete', what, 'quickstart'), false, what);
  }
});

test("only Cubby's pods reach a store's Redis, where the cluster enforces NetworkPolicy", async (t) => {
  const tenant = await createTenant(t, 'e2e-policy');
  const listen = "require('node:net').createServer().listen(6379)";
  const control = await scriptPod(tenant.namespace, 'control', listen);
  const denyAll: Manifest = {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'control', namespace: tenant.namespace },
    spec: { podSelector: { matchLabels: { app: 'control' } }, policyTypes: ['Ingress'] },
  };
  await apply(denyAll, control);
  const controlIp = await eventually('the control pod runs', 60, async () => {
    const { status } = await read('pod', tenant.namespace, 'control');
    return status.phase === 'Running' ? (status.podIP as string) : undefined;
  });
  const script = `
    const net = require('node:net');
    const reach = (host) => new Promise((resolve) => {
      const socket = net.connect({ host, port: 6379, timeout: 3000 });
      const end = (outcome) => { socket.destroy(); resolve(outcome); };
      socket.once('connect', () => end('open')).once('timeout', () => end('closed')).once('error', () => end('closed'));
    });
    Promise.all([reach('${controlIp}'), reach('main-redis')]).then((outcomes) => console.log(outcomes.join(' ')));`;
  const [controlOutcome, redisOutcome] = (await runPod(await scriptPod(tenant.namespace, 'client', script))).split(' ');
  if (controlOutcome === 'open')
    return t.skip('this cluster does not enforce NetworkPolicy: a pod behind deny-all is reached');
  assert.equal(redisOutcome, 'closed');
});
