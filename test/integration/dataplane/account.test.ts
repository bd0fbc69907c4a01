import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { LedgerError } from '../../../dataplane/metering/ledger-port.ts';
import type { Account, Meter, Usage } from '../../../dataplane/metering/port.ts';
import { createUnmetered } from '../../../dataplane/metering/unmetered.ts';
import { createMemoryStores } from '../../../dataplane/store/memory.ts';
import { kvStore, kvToken } from '../../unit/dataplane/objects.ts';
import { type Api, startApi } from './api.ts';
import { createClient, isProblem } from './client.ts';

const NONE = { count: 0n, nanoTokens: 0n };
const limited = (tokensPerMonth: string) => ({
  endpoint: { host: 'x', port: 6379 },
  credentialGeneration: 1,
  limits: { tokensPerMonth },
});

describe('what a token learns of itself and of its account', () => {
  let api: Api;
  let asked: Account[];
  let usage: () => Promise<Usage>;
  const { call } = createClient(() => api);

  before(async () => {
    asked = [];
    const unmetered = createUnmetered();
    const meter: Meter = {
      ...unmetered,
      async history(account, resolution) {
        asked.push(account);
        await usage();
        const points = await unmetered.history(account, resolution);
        return points.map(({ start, counts }) => ({ start, charged: 6900, counts: { ...counts, get: 2, set: 1 } }));
      },
      usage(account) {
        asked.push(account);
        return usage();
      },
    };
    usage = async () => ({
      periodStart: Date.UTC(2026, 10),
      periodEnd: Date.UTC(2026, 11),
      budget: 500_000_000n,
      used: 6_100n,
      remaining: 499_993_900n,
      operations: {
        get: { count: 1n, nanoTokens: 800n },
        set: { count: 1n, nanoTokens: 5_300n },
        delete: NONE,
        increment: NONE,
        scan: NONE,
      },
    });
    api = await startApi({ stores: createMemoryStores(), meter });
  });
  after(() => api.close());

  function token(fields: Parameters<typeof kvToken>[0]): string {
    const { token: text, object } = kvToken(fields);
    api.tokens.upsert(object);
    return text;
  }

  test('a token is told its scopes, type, role, project and end, and nothing of a key’s projects', async () => {
    const project = api.tenant('own', { token: { scopes: ['kv:read'], expiresAt: '2199-01-01T00:00:00Z' } });
    assert.deepEqual((await call('/core/tokens/me/scopes', project)).json, {
      scopes: ['kv:read'],
      type: 'Project',
      role: null,
      project_id: 'project-own',
      expires_at: '2199-01-01T00:00:00.000Z',
    });
    const deployment = token({ namespace: 'own', name: 'd', type: 'Deployment' });
    const { json } = await call('/core/tokens/me/scopes?project_id=other', deployment);
    assert.deepEqual([json.type, json.project_id, json.expires_at], ['Deployment', 'project-own', null]);
    const admin = token({ namespace: 'cubby-system', type: 'ApiKey', role: 'SystemAdmin' });
    for (const query of ['', '?project_id=project-own']) {
      const answer = await call(`/core/tokens/me/scopes${query}`, admin);
      assert.deepEqual([answer.json.role, answer.json.project_id], ['SystemAdmin', null]);
    }
    isProblem(await call('/core/tokens/me/scopes', undefined), 401, 'unauthorized');
  });

  test('a role that a tenant’s token claims for itself is none', async () => {
    const claimed = token({ namespace: 'own', name: 'claims', type: 'ApiKey', role: 'SystemAdmin' });
    assert.equal((await call('/core/tokens/me/scopes', claimed)).json.role, null);
  });

  test('usage gives budget, used and remaining in tokens, the period, and each operation', async () => {
    const project = api.tenant('metered', { store: { status: limited('0.5') } });
    asked.length = 0;
    assert.deepEqual((await call('/api/kv/usage', project)).json, {
      project_id: 'project-metered',
      period: { start: '2026-11-01T00:00:00.000Z', end: '2026-12-01T00:00:00.000Z' },
      budget: '0.5',
      used: '0.0000061',
      remaining: '0.4999939',
      operations: {
        get: { count: 1, tokens: '0.0000008' },
        set: { count: 1, tokens: '0.0000053' },
        delete: { count: 0, tokens: '0' },
        increment: { count: 0, tokens: '0' },
        scan: { count: 0, tokens: '0' },
      },
    });
    assert.deepEqual([asked[0]?.project, asked[0]?.limits], ['project-metered', { nanoTokensPerMonth: 500_000_000n }]);
  });

  test('usage is answered while the store is hibernated or being set up, by the same account each time', async () => {
    for (const [namespace, store] of [
      ['asleep', { enabled: false, status: limited('2') }],
      ['newborn', { status: { limits: { tokensPerMonth: '2' } } }],
    ] as const) {
      const project = api.tenant(namespace, { store });
      asked.length = 0;
      for (const _ of [1, 2]) assert.equal((await call('/api/kv/usage', project)).status, 200);
      assert.equal(asked[0]?.project, `project-${namespace}`);
      assert.equal(asked[0]?.limits.nanoTokensPerMonth, 2_000_000_000n);
      assert.equal(asked[0], asked[1]);
    }
  });

  test('usage of a project without budget has none, and none left', async () => {
    const metered = usage;
    usage = async () => ({ ...(await metered()), budget: undefined, remaining: undefined });
    const { json } = await call('/api/kv/usage', api.tenant('free'));
    assert.deepEqual([json.budget, json.remaining, json.used], [null, null, '0.0000061']);
    usage = metered;
  });

  test('usage is no way to the account of somebody else: by a claim of the project, or by its name', async () => {
    api.tenant('holder', { store: { projectId: 'held', created: '00:00' } });
    api.stores.upsert(kvStore({ namespace: 'claimer', projectId: 'held', created: '05:00' }));
    const claimer = token({ namespace: 'claimer' });
    const keyOfClaimer = token({ namespace: 'claimer', name: 'k', type: 'ApiKey' });
    const stranger = token({ namespace: 'stranger', type: 'ApiKey' });
    asked.length = 0;
    isProblem(await call('/api/kv/usage', claimer), 503, 'store_unavailable', /held by an older store/);
    isProblem(await call('/api/kv/usage?project_id=held', keyOfClaimer), 503, 'store_unavailable');
    isProblem(await call('/api/kv/usage?project_id=held', stranger), 404, 'not_found');
    isProblem(await call('/api/kv/usage', stranger), 400, 'project_required');
    assert.deepEqual(asked, []);
  });

  test('the history is by the hour for a day and by the day for a month, with tokens and counts', async () => {
    const project = api.tenant('remembered');
    for (const [query, period, resolution, points, ms] of [
      ['', 'day', 'hour', 24, 3_600_000],
      ['?period=day', 'day', 'hour', 24, 3_600_000],
      ['?period=month', 'month', 'day', 31, 86_400_000],
    ] as const) {
      asked.length = 0;
      const { status, json } = await call(`/api/kv/usage/history${query}`, project);
      assert.deepEqual(
        [status, json.project_id, json.period, json.resolution],
        [200, 'project-remembered', period, resolution],
      );
      const [first, second, ...rest] = json.points as { start: string }[];
      assert.deepEqual([rest.length + 2, asked[0]?.project], [points, 'project-remembered']);
      assert.deepEqual(second, {
        start: new Date(Date.parse(first?.start ?? '') + ms).toISOString(),
        tokens: '0.0000069',
        operations: { get: 2, set: 1, delete: 0, increment: 0, scan: 0 },
      });
    }
    isProblem(await call('/api/kv/usage/history?period=year', project), 400, 'bad_request', /period/);
  });

  test('the history is no way to the account of somebody else', async () => {
    const stranger = token({ namespace: 'stranger', name: 'history', type: 'ApiKey' });
    api.tenant('closed');
    asked.length = 0;
    isProblem(await call('/api/kv/usage/history?project_id=project-closed', stranger), 404, 'not_found');
    isProblem(await call('/api/kv/usage/history', stranger), 400, 'project_required');
    isProblem(await call('/api/kv/usage/history', undefined), 401, 'unauthorized');
    assert.deepEqual(asked, []);
  });

  test('usage and its history are 503 while the ledger is away', async () => {
    const metered = usage;
    usage = async () => {
      throw new LedgerError('gone');
    };
    const project = api.tenant('ledgerless');
    for (const path of ['/api/kv/usage', '/api/kv/usage/history']) {
      isProblem(await call(path, project), 503, 'store_unavailable', /ledger/);
    }
    usage = metered;
  });
});
