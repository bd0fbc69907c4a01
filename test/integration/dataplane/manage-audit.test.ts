import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMemoryStores } from '../../../dataplane/store/memory.ts';
import { kvToken } from '../../unit/dataplane/objects.ts';
import { type Api, startApi } from './api.ts';
import { createClient } from './client.ts';
import { createStage } from './manage-editor.ts';

function key(api: Api, name: string, role: 'SystemAdmin' | 'SystemRead'): string {
  const { token, object } = kvToken({ namespace: 'cubby-system', name, type: 'ApiKey', role });
  api.tokens.upsert(object);
  return token;
}

test('every call has one line in the audit log that says who, what, which project and with what result', async () => {
  const api = await startApi({ stores: createMemoryStores(), management: createStage().management });
  const [admin, reader] = [key(api, 'admin', 'SystemAdmin'), key(api, 'audit-reader', 'SystemRead')];
  const { call } = createClient(() => api);
  const send = (method: string, path: string, body?: object, token = admin) =>
    call(`/api/kv/${path}`, token, {
      method,
      ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
  const lines = () =>
    api
      .logged()
      .split('\n')
      .filter((line) => line.includes('"audit":true'))
      .map((line) => JSON.parse(line));
  const done = await send('POST', 'enable', { project_id: 'audited', max_memory: '64mb' });
  await send('POST', 'enable', { project_id: 'audited' });
  await send('GET', 'status?project_id=audited');
  await send('DELETE', 'disable?project_id=audited', undefined, reader);
  await send('DELETE', 'disable', undefined, 'no token');
  await send('PATCH', 'update', { project_id: 'never\nmade' });
  const [made, again, read, refused, unknown, odd, ...more] = lines();
  assert.deepEqual(more, []);
  const who = { namespace: 'cubby-system', name: 'admin', type: 'ApiKey', role: 'SystemAdmin' };
  const { level, time, pid: _pid, hostname: _hostname, ...fields } = made;
  assert.deepEqual([level, typeof time], [30, 'number']);
  assert.deepEqual(fields, {
    audit: true,
    requestId: done.headers.get('x-request-id'),
    who,
    operation: 'enableKv',
    project: 'audited',
    changed: ['spec.projectId', 'spec.enabled', 'spec.version', 'spec.memory', 'spec.persistence'],
    status: 200,
    msg: 'management',
  });
  assert.deepEqual([again.changed, again.status], [[], 200]);
  assert.deepEqual([read.operation, read.project, read.status], ['getStatus', 'audited', 200]);
  assert.deepEqual([refused.who.name, refused.status, refused.code], ['audit-reader', 403, 'forbidden']);
  assert.deepEqual([unknown.who, unknown.status, unknown.code], [undefined, 401, 'unauthorized']);
  assert.deepEqual([odd.project, odd.status], [undefined, 404]);
  for (const token of [admin, reader, 'no token']) assert.ok(!api.logged().includes(token));
  api.close();
});
