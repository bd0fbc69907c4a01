import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Meter } from '../../../dataplane/metering/port.ts';
import { createUnmetered } from '../../../dataplane/metering/unmetered.ts';
import { createMemoryStores } from '../../../dataplane/store/memory.ts';
import { kvToken } from '../../unit/dataplane/objects.ts';
import { type Api, startApi, stubStores } from './api.ts';
import { createClient, isProblem } from './client.ts';
import { createStage, TENANTS } from './manage-editor.ts';

function key(api: Api, name: string, role: 'SystemAdmin' | 'SystemRead'): string {
  const { token, object } = kvToken({ namespace: 'cubby-system', name, type: 'ApiKey', role });
  api.tokens.upsert(object);
  return token;
}

test('where no management is configured, writing is 403 with the remedy, only to whoever may manage; reading works', async () => {
  const api = await startApi({ stores: stubStores({ size: () => new Promise(() => {}) }) });
  const { call } = createClient(() => api);
  const token = key(api, 'admin', 'SystemAdmin');
  const tenant = api.tenant('t');
  for (const [method, path] of [
    ['POST', 'enable'],
    ['PATCH', 'update'],
    ['DELETE', 'disable'],
  ] as const) {
    isProblem(await call(`/api/kv/${path}`, token, { method }), 403, 'forbidden', /dataplane\.management/);
    isProblem(await call(`/api/kv/${path}`, tenant, { method }), 403, 'forbidden', /SystemAdmin/);
  }
  const start = performance.now();
  const { json } = await call('/api/kv/status?project_id=project-t', token);
  assert.deepEqual([json.enabled, json.keys], [true, null], 'a Redis that does not answer');
  assert.ok(performance.now() - start < 1500);
  isProblem(await call('/api/kv/status', token), 400, 'project_required');
  api.close();
});

test('the rate limit of a project, used up, stops its tenant and not whoever manages it', async () => {
  const used = { allowed: false, limit: 1, remaining: 0, resetSeconds: 1, retryAfterSeconds: 1 };
  const meter: Meter = { ...createUnmetered(), permit: () => used };
  const stage = createStage();
  const api = await startApi({ stores: createMemoryStores(), management: stage.management, meter });
  stage.showIn = api.stores;
  const { call } = createClient(() => api);
  const admin = key(api, 'admin', 'SystemAdmin');
  const enable = await call('/api/kv/enable?project_id=flooded', admin, { method: 'POST' });
  assert.equal(enable.status, 200, enable.text);
  const tenant = kvToken({ namespace: TENANTS, storeRef: { name: 'flooded' } });
  api.tokens.upsert(tenant.object);
  isProblem(await call('/api/kv/status', tenant.token), 429, 'rate_limited');
  assert.equal((await call('/api/kv/status?project_id=flooded', admin)).json.enabled, true);
  assert.equal((await call('/api/kv/disable?project_id=flooded', admin, { method: 'DELETE' })).status, 200);
  api.close();
});
