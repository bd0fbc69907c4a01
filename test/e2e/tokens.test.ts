import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually, kubectl, read } from './cluster.ts';
import { url } from './environment.ts';
import { createKey } from './keys.ts';
import { request } from './tenant.ts';

const TENANTS = 'cubby-tenants';
const PROJECT = 'e2e-tokens';

test('a token that is made over the API works within 3 s, and is refused within 2 s of being revoked', async (t) => {
  t.after(async () => {
    await kubectl('delete', 'kvtoken', '-n', TENANTS, 'e2e-tokens-web', '--ignore-not-found');
    await kubectl('delete', 'kvstore', PROJECT, '-n', TENANTS, '--ignore-not-found');
    await kubectl('delete', 'pvc', `data-${PROJECT}-redis-0`, '-n', TENANTS, '--ignore-not-found', '--wait=false');
  });
  const admin = await createKey(t, 'e2e-tokens-admin', { role: 'SystemAdmin', scopes: [] });
  const call = (method: string, path: string, body: object = {}) =>
    request(admin, method, path, { project_id: PROJECT, ...body });
  await eventually('the store is enabled', 10, async () => {
    return (await call('POST', '/api/kv/enable', { max_memory: '32mb', version: '7.0' })).status === 200 || undefined;
  });
  await eventually('the store is ready', 90, async () => {
    return (await request(admin, 'GET', `/api/kv/status?project_id=${PROJECT}`)).body.healthy || undefined;
  });

  const asked = performance.now();
  const made = await call('POST', '/api/kv/tokens', { name: 'e2e-tokens-web' });
  assert.equal(made.status, 200, made.text);
  const { value, token } = made.body;
  const put = await eventually('the token works', 3, async () => {
    const answer = await request(value, 'PUT', '/infra/kv/greeting', { value: 'hello' });
    return answer.status === 401 ? undefined : answer;
  });
  const works = performance.now() - asked;
  assert.equal(put.status, 200, put.text);
  assert.deepEqual([token.state, token.secret_name], ['active', null]);
  const object = await read('kvtoken', TENANTS, 'e2e-tokens-web');
  assert.deepEqual(object.status.hashes, [object.spec.issued.sha256]);
  assert.equal(await read('secret', TENANTS, 'e2e-tokens-web'), undefined);
  assert.ok(!JSON.stringify(object).includes(value));

  const revoked = performance.now();
  assert.equal((await call('DELETE', '/api/kv/tokens/e2e-tokens-web')).status, 200);
  await eventually('the token is refused', 2, async () => {
    return (await request(value, 'GET', '/infra/kv/greeting')).status === 401 || undefined;
  });
  console.log(`works after ${Math.round(works)} ms, refused after ${Math.round(performance.now() - revoked)} ms`);
});

test('projects and versions are told to a token of the system, and the dashboard needs none', async (t) => {
  const reader = await createKey(t, 'e2e-projects-reader', { role: 'SystemRead', scopes: [] });
  const { projects } = await eventually('the key is known', 10, async () => {
    const { status, body } = await request(reader, 'GET', '/api/kv/projects?limit=1000');
    return status === 200 ? body : undefined;
  });
  assert.ok(projects.every(({ project_id }: { project_id: string }) => project_id !== 'cubby-ledger'));
  const { versions, default: preset } = (await request(reader, 'GET', '/api/kv/versions')).body;
  assert.ok(versions.includes(preset), `${preset} of ${versions}`);
  const page = await fetch(`${url}/dashboard/`);
  assert.equal(page.status, 200, await page.text());
  const entry = await fetch(url, { headers: { accept: 'text/html' } });
  assert.equal(entry.url, `${url}/dashboard/`);
});
