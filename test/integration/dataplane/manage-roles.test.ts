import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { StoreRef } from '../../../dataplane/directory/stores.ts';
import type { Operation } from '../../../dataplane/pipeline/operation.ts';
import { operations } from '../../../dataplane/routes/table.ts';
import { kvBackup, kvBackupSchedule, kvStore, kvToken } from '../../unit/dataplane/objects.ts';
import { type Api, startApi, stubStores } from './api.ts';
import { createStage, type Stage, TENANTS } from './manage-editor.ts';

/** A body with which each operation that takes one succeeds. */
const BODIES: Readonly<Record<string, object>> = {
  putEntry: { value: 1 },
  deleteEntry: {},
  incrementEntry: {},
  runBatch: { ops: [{ op: 'get', key: 'k' }] },
  enableKv: {},
  updateKv: { max_memory: '64mb' },
  disableKv: {},
  createToken: {},
  revokeToken: {},
  createBackup: {},
  deleteBackup: {},
  setBackupPlace: { volume: { claim_name: 'backups' } },
  putBackupSchedule: { schedule: '@daily' },
  deleteBackupSchedule: {},
  restoreBackup: { backup: 'k', overwrite_data: true },
  failOver: {},
  kvGet: { key: 'k' },
  kvSet: { key: 'k', value: 1 },
  kvDel: { keys: ['k'] },
  kvIncr: { key: 'n' },
  kvExpire: { key: 'k', seconds: 1 },
  kvTtl: { key: 'k' },
  kvKeys: { pattern: '*' },
};

type Fields = Parameters<typeof kvToken>[0];
const rw = ['kv:read', 'kv:write'] as ('kv:read' | 'kv:write')[];

/** Every sort of token there is, as its object would be. Those of `mine` are the tenant's whose project is `mine`. */
const TOKENS: Readonly<Record<string, Fields>> = {
  sk_live_: { namespace: 'mine', type: 'Project', scopes: rw },
  'sk_live_ that reads': { namespace: 'mine', type: 'Project', scopes: ['kv:read'] },
  'dt_ that writes': { namespace: 'mine', type: 'Deployment', scopes: ['kv:write'] },
  'dt_ without a scope': { namespace: 'mine', type: 'Deployment', scopes: [] },
  'dt_ that claims a role': { namespace: 'mine', type: 'Deployment', scopes: rw, role: 'SystemAdmin' },
  tk_: { namespace: 'mine', type: 'ApiKey', scopes: rw },
  'tk_ without a scope': { namespace: 'mine', type: 'ApiKey', scopes: [] },
  'tk_ that claims SystemAdmin': { namespace: 'mine', type: 'ApiKey', scopes: rw, role: 'SystemAdmin' },
  'tk_ that claims SystemRead': { namespace: 'mine', type: 'ApiKey', scopes: rw, role: 'SystemRead' },
  'system tk_': { namespace: 'cubby-system', type: 'ApiKey', scopes: rw },
  SystemRead: { namespace: 'cubby-system', type: 'ApiKey', scopes: [], role: 'SystemRead' },
  SystemAdmin: { namespace: 'cubby-system', type: 'ApiKey', scopes: [], role: 'SystemAdmin' },
  'SystemAdmin that reads': { namespace: 'cubby-system', type: 'ApiKey', scopes: ['kv:read'], role: 'SystemAdmin' },
};
const isTenants = ({ namespace }: Fields) => namespace === 'mine';

/** Projects by where their store is; `managed` is where the management calls write, `nowhere` has none. */
const PLACES = ['mine', 'theirs', 'managed', 'nowhere', undefined] as const;
type Place = (typeof PLACES)[number];

/** What the rules of docs/management.md and docs/api.md say that a call is answered with. */
function expected({ id, access, target }: Operation, token: Fields, place: Place): number {
  const { type, scopes = [], namespace } = token;
  const isKey = type === 'ApiKey';
  const isSystem = namespace === 'cubby-system';
  const role = isKey && isSystem ? token.role : undefined;
  if (access === 'none') return 200;
  if ((access === 'kv:read' || access === 'kv:write') && !scopes.includes(access)) return 403;
  if (access === 'system:admin') return role === 'SystemAdmin' ? expectedOfAdmin(id, place) : 403;
  if (access === 'system:read' && role !== undefined) return 200;
  if (access === 'system:read' && isKey && isSystem) return 403;
  if (target === 'none' || id === 'getScopes') return 200;
  if (isKey && place === undefined) return 400;
  if (isKey && (place === 'nowhere' || (!isSystem && place !== 'mine'))) return 404;
  // A batch needs the scopes of what it holds.
  return id === 'runBatch' && !scopes.includes('kv:read') ? 403 : 200;
}

function expectedOfAdmin(id: string, place: Place): number {
  if (place === 'mine' || place === 'theirs') return 403;
  if (place === 'managed' || id === 'enableKv' || id === 'restoreBackup') return 200;
  return 404;
}

/** The store that the management calls may write: it has a replica, and a place for its backups. */
const MANAGED = {
  namespace: TENANTS,
  name: 'managed',
  projectId: 'managed',
  backup: { target: { volume: { claimName: 'backups' } } },
  status: {
    endpoint: { host: 'managed-redis.cubby-tenants.svc', port: 6379 },
    topology: { mode: 'Replicated', members: 3 },
    members: [{ name: 'managed-redis-1', role: 'Replica', ready: true, linked: true }],
  },
} satisfies Parameters<typeof kvStore>[0];

describe('every token, every operation, every project', () => {
  const all = operations({ ready: () => true }).filter(({ internal }) => !internal);
  let api: Api;
  let stage: Stage;
  const texts = new Map<string, string>();

  before(async () => {
    stage = createStage();
    const present = { value: Buffer.from('1'), expiresAt: null };
    const stores = stubStores({ get: async () => present, delete: async () => 1 });
    const backups = {
      backups: async ({ namespace, name }: StoreRef) => [kvBackup({ namespace, name: 'k', storeRef: { name } })],
      schedules: async ({ namespace, name }: StoreRef) => [kvBackupSchedule({ namespace, storeRef: { name } })],
    };
    api = await startApi({ stores, management: stage.management, backups });
    stage.showTokensIn = api.tokens;
    for (const namespace of ['mine', 'theirs']) api.tenant(namespace, { store: { projectId: namespace } });
    api.stores.upsert(kvStore(MANAGED));
    for (const [name, fields] of Object.entries(TOKENS)) {
      const { token, object } = kvToken({ ...fields, name: name.replaceAll(' ', '-') });
      api.tokens.upsert(object);
      texts.set(name, token);
    }
  });
  after(() => api.close());

  /** Sends an operation's call as a client would, with the project in the query, or in the body where that is asked for. */
  async function send(operation: Operation, token: string | undefined, place: Place, inBody = false) {
    stage.objects.clear();
    stage.objects.set('managed', kvStore(MANAGED));
    stage.tokens.clear();
    stage.tokens.set('k', kvToken({ namespace: TENANTS, name: 'k', storeRef: { name: 'managed' } }).object);
    const asked = { namespace: TENANTS, name: 'k', storeRef: { name: 'managed' } };
    stage.backups.set('k', kvBackup({ ...asked, status: { phase: 'Completed' } }));
    stage.schedules.set('k', kvBackupSchedule(asked));
    const named = place === undefined ? undefined : { project_id: place };
    const body = operation.body && BODIES[operation.id];
    assert.equal(body === undefined, operation.body === undefined, `${operation.id} needs an entry in BODIES`);
    const query = named && !inBody ? `?project_id=${place}` : '';
    const response = await fetch(api.url + operation.path.replace(/\{(key|name)\}/, 'k') + query, {
      method: operation.method,
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(body && { 'content-type': 'application/json' }),
      },
      ...(body && { body: JSON.stringify(inBody ? { ...body, ...named } : body) }),
    });
    const text = await response.text();
    const headers = Object.fromEntries(response.headers);
    const requestId = headers['x-request-id'] ?? '';
    for (const name of ['date', 'x-request-id']) delete headers[name];
    return { status: response.status, headers, text: text.replaceAll(requestId, '') };
  }

  const ways = (operation: Operation) => (operation.body ? [false, true] : [false]);

  test('a tenant’s token reaches its own project alone, and no answer, header or metric tells which others there are', async () => {
    let calls = 0;
    for (const [name, fields] of Object.entries(TOKENS).filter(([, each]) => isTenants(each))) {
      for (const operation of all) {
        for (const inBody of ways(operation)) {
          const what = `${name}: ${operation.id}`;
          const [mine, theirs, managed, nowhere] = [
            await send(operation, texts.get(name), 'mine', inBody),
            await send(operation, texts.get(name), 'theirs', inBody),
            await send(operation, texts.get(name), 'managed', inBody),
            await send(operation, texts.get(name), 'nowhere', inBody),
          ];
          assert.deepEqual(theirs, nowhere, what);
          assert.deepEqual(managed, nowhere, what);
          const told = JSON.stringify([mine, theirs]);
          if (operation.access !== 'none') assert.doesNotMatch(told, /\btheirs\b|cubby-tenants/, what);
          const isFree = operation.target === 'none' || operation.id === 'getScopes';
          if (fields.type === 'ApiKey') assert.ok(isFree || [403, 404].includes(theirs.status), what);
          else assert.deepEqual(theirs, mine, `${what} is bound to its project`);
          calls += 4;
        }
      }
    }
    assert.ok(calls > 500, `${calls} calls`);
    const metrics = await api.metrics.registry.metrics();
    assert.match(metrics, /project="mine"/);
    for (const project of ['theirs', 'managed', 'nowhere']) assert.ok(!metrics.includes(`"${project}"`), project);
    assert.deepEqual(stage.writes, []);
  });

  test('each is answered as the rules say', async () => {
    const wrong: string[] = [];
    let calls = 0;
    for (const [name, fields] of Object.entries(TOKENS)) {
      for (const operation of all) {
        for (const place of PLACES) {
          for (const inBody of ways(operation)) {
            const { status, text } = await send(operation, texts.get(name), place, inBody);
            const should = expected(operation, fields, place);
            if (status !== should) wrong.push(`${name}, ${operation.id}, ${place}: ${status} not ${should}: ${text}`);
            calls++;
          }
        }
      }
    }
    assert.deepEqual(wrong, []);
    assert.ok(calls > 1500, `${calls} calls`);
  });

  test('without a token, with one that is mistyped and with one that is not known each is 401, and none runs', async () => {
    const known = texts.get('SystemAdmin') ?? '';
    stage.writes.length = 0;
    for (const token of [undefined, `${known}x`, kvToken({ namespace: 'cubby-system', type: 'ApiKey' }).token]) {
      for (const operation of all) {
        const { status } = await send(operation, token, 'managed');
        assert.equal(status, operation.access === 'none' ? 200 : 401, operation.id);
      }
    }
    assert.deepEqual(stage.writes, []);
  });
});
