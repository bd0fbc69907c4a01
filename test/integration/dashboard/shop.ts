import assert from 'node:assert/strict';
import type { Pool } from '../../../dataplane/store/pool.ts';
import { startTenantRedis, type TenantRedis } from '../../contract/tenant-redis.ts';
import { type Dashboard, startDashboard } from './start.ts';

/** A dashboard over the project `shop`, whose store is a Redis of its own. */
export interface Shop extends Dashboard {
  redis: TenantRedis;
  token: string;
  /** A value under a key, over the API; `value` is JSON. */
  put(key: string, value: string, ttl?: number): Promise<void>;
  /** What the API answers for a key: its text, or the status where that is not 200. */
  read(key: string): Promise<string | number>;
}

/** Starts all of it. */
export async function startShop(): Promise<Shop> {
  const redis = await startTenantRedis('8.0');
  const { pool }: { pool: Pool } = redis.pool();
  const dashboard = await startDashboard({ stores: pool, endpointOf: () => redis.server });
  const { uid } = redis.address;
  const token = dashboard.api.tenant('shop', { store: { projectId: 'shop', uid } });
  const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
  const urlOf = (key: string) => `${dashboard.api.url}/infra/kv/${encodeURIComponent(key)}`;
  return {
    ...dashboard,
    redis,
    token,
    async put(key, value, ttl) {
      const body = `{"value":${value}${ttl === undefined ? '' : `,"ttl":${ttl}`}}`;
      const answer = await fetch(urlOf(key), { method: 'PUT', headers, body });
      assert.equal(answer.status, 200, await answer.text());
    },
    async read(key) {
      const answer = await fetch(urlOf(key), { headers });
      return answer.ok ? answer.text() : answer.status;
    },
    async close() {
      await dashboard.close();
      await pool.close();
      await redis.stop();
    },
  };
}
