import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openCluster } from '../../kube/cluster.ts';
import { apply, eventually, kubectl } from './cluster.ts';
import { kubeconfig, url } from './environment.ts';
import { runPod, scriptPod } from './pod.ts';
import { createTenant, request, requestAt, token, tokenOf } from './tenant.ts';

test('the quickstart store answers through REST with the token of its Secret', async () => {
  const bearer = await tokenOf('quickstart', 'web-kv');
  assert.match(bearer, /^sk_live_/);
  const put = await request(bearer, 'PUT', '/infra/kv/greeting', '{"value":{"big":9007199254740993,"a":1e400}}');
  assert.equal(put.status, 200, put.text);
  const get = await request(bearer, 'GET', '/infra/kv/greeting');
  assert.equal(get.text, '{"key":"greeting","value":{"big":9007199254740993,"a":1e400},"expires_at":null}');
});

test('two tenants keep two values under one key, and neither token reaches the other', async (t) => {
  const [left, right] = await Promise.all([createTenant(t, 'e2e-left'), createTenant(t, 'e2e-right')]);
  assert.equal((await left.request('PUT', '/infra/kv/shared', { value: 'left' })).status, 200);
  assert.equal((await right.request('GET', '/infra/kv/shared')).status, 404);
  assert.equal((await right.request('PUT', '/infra/kv/shared', { value: 'right' })).status, 200);
  assert.equal((await left.request('GET', '/infra/kv/shared')).body.value, 'left');
  assert.equal((await right.request('GET', '/infra/kv/shared')).body.value, 'right');

  // A project_id is no way around: it is ignored with a project's token, and unreachable with another namespace's key.
  assert.equal((await left.request('GET', '/infra/kv/shared?project_id=e2e-right.main')).body.value, 'left');
  await apply(token('e2e-left', { type: 'ApiKey', storeRef: undefined, secretName: 'key' }, 'key'));
  const key = await tokenOf('e2e-left', 'key');
  await eventually('the API key works', 5, async () => {
    const answer = await request(key, 'GET', '/infra/kv/shared?project_id=e2e-left.main');
    return answer.body?.value === 'left' || undefined;
  });
  assert.equal((await request(key, 'GET', '/infra/kv/shared?project_id=e2e-right.main')).status, 404);
});

test('deleting a token revokes it within two seconds', async (t) => {
  const tenant = await createTenant(t, 'e2e-revoke');
  await kubectl('delete', 'kvtoken', 'web', '-n', tenant.namespace);
  await eventually('401', 2, async () => (await tenant.request('GET', '/infra/kv/a')).status === 401 || undefined);
});

test('a revoked token is refused within two seconds by every replica, and no replica takes it to another namespace', async (t) => {
  const tenant = await createTenant(t, 'e2e-replicas');
  const other = await createTenant(t, 'e2e-replicas-other');
  assert.equal((await other.request('PUT', '/infra/kv/secret', { value: 'theirs' })).status, 200);
  const bearer = await tokenOf(tenant.namespace, 'web');
  const selector = ['-l', 'app.kubernetes.io/component=dataplane', '--field-selector=status.phase=Running'];
  const names = (await kubectl('get', 'pods', '-n', 'cubby-system', ...selector, '-o', 'name')).split('\n');
  assert.ok(names.length > 1, 'there are several replicas');
  const cluster = openCluster({ kubeconfig, userAgent: 'test' });
  const forwards = await Promise.all(
    names.map((name) => cluster.forward({ namespace: 'cubby-system', pod: name.replace('pod/', ''), port: 8080 })),
  );
  t.after(() => {
    for (const forward of forwards) forward.close();
    cluster.client.close();
  });
  const ask = (port: number, path: string) => requestAt(`http://127.0.0.1:${port}`, bearer, 'GET', path);
  for (const { port } of forwards) {
    assert.equal((await ask(port, '/infra/kv/none')).status, 404);
    assert.equal((await ask(port, '/infra/kv/secret?project_id=e2e-replicas-other.main')).status, 404);
  }
  await kubectl('delete', 'kvtoken', 'web', '-n', tenant.namespace);
  await eventually('401 of every replica', 2, async () => {
    const answers = await Promise.all(forwards.map(({ port }) => ask(port, '/infra/kv/none')));
    return answers.every(({ status }) => status === 401) || undefined;
  });
});

test('a pod of the tenant reads its token from a mounted Secret and calls the Service by its DNS name', async (t) => {
  const tenant = await createTenant(t, 'e2e-inside');
  const script = `
    const { readFileSync } = require('node:fs');
    const [token, url] = ['token', 'url'].map((name) => readFileSync('/var/run/kv/' + name, 'utf8'));
    const headers = { authorization: 'Bearer ' + token, 'content-type': 'application/json' };
    fetch(url + '/infra/kv/from-inside', { method: 'PUT', headers, body: '{"value":"hello"}' })
      .then(() => fetch(url + '/infra/kv/from-inside', { headers }))
      .then((answer) => answer.text())
      .then((text) => console.log(url, text));`;
  const pod = await scriptPod(tenant.namespace, 'client', script, {
    spec: { volumes: [{ name: 'kv', secret: { secretName: 'web' } }] },
    container: { volumeMounts: [{ name: 'kv', mountPath: '/var/run/kv', readOnly: true }] },
  });
  const output = await runPod(pod);
  assert.match(output, /^http:\/\/cubby-dataplane\.cubby-system\.svc.*"value":"hello"/);
  assert.equal((await tenant.request('GET', '/infra/kv/from-inside')).body.value, 'hello');
});

test('the data plane answers its probes and hides its metrics from the public port', async () => {
  assert.equal((await fetch(`${url}/livez`)).status, 200);
  assert.equal((await fetch(`${url}/readyz`)).status, 200);
  assert.equal((await fetch(`${url}/metrics`)).status, 404);
});
