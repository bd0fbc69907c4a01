import { startTenantRedis } from '../../contract/tenant-redis.ts';
import { type Api, startApi } from '../dataplane/api.ts';

/** A data plane over a real Redis, and a token of each type that reaches its project `shop`. */
export interface Stage {
  api: Api;
  url: string;
  tokens: Record<'sk_live_' | 'dt_' | 'tk_', string>;
  /** Forgets every key. */
  clear(): Promise<void>;
  close(): Promise<void>;
}

/** Starts both. */
export async function startStage(): Promise<Stage> {
  const redis = await startTenantRedis('8.0');
  const { pool } = redis.pool({ password: () => redis.password });
  const api = await startApi({ stores: pool, endpointOf: () => redis.server });
  const admin = redis.admin();
  const issue = (name: string, type: 'Project' | 'Deployment' | 'ApiKey') =>
    api.tenant('shop', { store: { projectId: 'shop' }, token: { name, type } });
  return {
    api,
    url: api.url,
    tokens: { sk_live_: issue('sk', 'Project'), dt_: issue('dt', 'Deployment'), tk_: issue('tk', 'ApiKey') },
    async clear() {
      await admin.flushall();
    },
    async close() {
      api.close();
      await pool.close();
      await redis.stop();
    },
  };
}
