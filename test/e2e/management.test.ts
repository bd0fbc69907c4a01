import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually, kubectl, read } from './cluster.ts';
import { createKey } from './keys.ts';
import { type Answer, request } from './tenant.ts';

const TENANTS = 'cubby-tenants';
const PROJECT = 'e2e-managed';

test('a store is made over the API, hibernated and woken with its data intact', async (t) => {
  t.after(async () => {
    await kubectl('delete', 'kvstore', PROJECT, '-n', TENANTS, '--ignore-not-found');
    await kubectl('delete', 'pvc', `data-${PROJECT}-redis-0`, '-n', TENANTS, '--ignore-not-found', '--wait=false');
  });
  const admin = await createKey(t, 'e2e-admin', { role: 'SystemAdmin', scopes: ['kv:read', 'kv:write'] });
  const reader = await createKey(t, 'e2e-reader', { role: 'SystemRead', scopes: [] });
  const call = (method: string, path: string, body: object = {}) =>
    request(admin, method, path, { project_id: PROJECT, ...body });
  const status = () => request(reader, 'GET', `/api/kv/status?project_id=${PROJECT}`);
  const statusWhen = (what: string, holds: (body: Answer['body']) => boolean) =>
    eventually(what, 90, async () => {
      const { body } = await status();
      return holds(body) ? body : undefined;
    });

  await eventually('the keys are known', 10, async () => (await status()).status === 200 || undefined);
  const enabled = await call('POST', '/api/kv/enable', { max_memory: '32mb', version: '7.0' });
  assert.equal(enabled.status, 200, enabled.text);
  assert.equal(enabled.body.status.enabled, true);
  const ready = await statusWhen('the store is ready', ({ healthy, keys }) => healthy && keys !== null);
  assert.match(ready.version, /^7\.0/);
  assert.deepEqual([ready.phase, ready.max_memory, ready.persistence, ready.keys], ['Ready', '32mb', true, 0]);
  const put = await call('PUT', '/infra/kv/kept', { value: { still: 'here' } });
  assert.equal(put.status, 200, put.text);
  assert.equal((await request(reader, 'DELETE', `/api/kv/disable?project_id=${PROJECT}`)).status, 403);

  const disabled = await request(admin, 'DELETE', `/api/kv/disable?project_id=${PROJECT}`);
  assert.equal(disabled.status, 200, disabled.text);
  await statusWhen('the store is hibernated', ({ phase, enabled: on }) => phase === 'Hibernated' && !on);
  await eventually('Redis is gone', 60, async () => {
    return (await read('pod', TENANTS, `${PROJECT}-redis-0`)) === undefined || undefined;
  });
  const asleep = await request(admin, 'GET', `/infra/kv/kept?project_id=${PROJECT}`);
  assert.deepEqual([asleep.status, asleep.body.code], [503, 'store_hibernated']);
  assert.equal((await request(admin, 'GET', `/api/kv/usage?project_id=${PROJECT}`)).status, 200);
  assert.equal((await call('PATCH', '/api/kv/update', { max_memory: '48mb' })).status, 404);

  const woken = await call('POST', '/api/kv/enable', { max_memory: '48mb' });
  assert.equal(woken.status, 200, woken.text);
  await statusWhen('the store is ready again', ({ healthy, keys }) => healthy && keys === 1);
  const kept = await request(admin, 'GET', `/infra/kv/kept?project_id=${PROJECT}`);
  assert.deepEqual(kept.body?.value, { still: 'here' }, kept.text);
  assert.equal((await read('kvstore', TENANTS, PROJECT)).spec.memory, '48Mi');
});
