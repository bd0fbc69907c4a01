import { after, before, beforeEach, describe } from 'node:test';
import type { KVStore } from '../../../contract/objects.ts';
import { createMemoryStores } from '../../../dataplane/store/memory.ts';
import type { Pool } from '../../../dataplane/store/pool.ts';
import { startTenantRedis, type TenantRedis } from '../../contract/tenant-redis.ts';
import { type Api, startApi } from './api.ts';
import { accessSuite } from './http-access.ts';
import { batchSuite } from './http-batch.ts';
import { incrementSuite } from './http-increment.ts';
import { kvSuite } from './http-kv.ts';
import { scanSuite } from './http-scan.ts';
import { valuesSuite } from './http-values.ts';

const suites = [valuesSuite, accessSuite, incrementSuite, scanSuite, batchSuite, kvSuite];

/** Room for the largest batch in one tenant's share, as the product has it. */
const heldBytes = 2 ** 27;

for (const plain of [true, false]) {
  describe(`over the memory adapter, ${plain ? 'with' : 'without'} the front for plain requests`, () => {
    let api: Api;
    before(async () => {
      api = await startApi({ stores: createMemoryStores(), plain, heldBytes });
    });
    after(() => api.close());
    for (const suite of suites) suite('memory', () => api);
  });
}

for (const version of ['7.0', '8.0'] as const) {
  describe(`over Redis ${version}`, () => {
    let servers: [TenantRedis, TenantRedis];
    let pool: Pool;
    let api: Api;
    const serverOf = new Map<string, TenantRedis>();

    /** Tenants take turns, so that any two in a row have a Redis each. */
    function assign(namespace: string): TenantRedis {
      const server = serverOf.get(namespace) ?? servers[serverOf.size % 2 === 0 ? 0 : 1];
      serverOf.set(namespace, server);
      return server;
    }

    before(async () => {
      servers = [await startTenantRedis(version), await startTenantRedis(version)];
      const passwordAt = (port: number) => servers.find(({ server }) => server.port === port)?.password ?? '';
      ({ pool } = servers[0].pool({ password: ({ port }) => passwordAt(port) }));
      const endpointOf = (store: KVStore) => assign(store.metadata.namespace).server;
      api = await startApi({ stores: pool, endpointOf: (store) => pick(endpointOf(store)), heldBytes });
    });
    beforeEach(async () => {
      for (const { admin } of servers) await admin().flushall();
    });
    after(async () => {
      api.close();
      await pool.close();
      for (const server of servers) await server.stop();
    });
    for (const suite of suites) suite(`redis ${version}`, () => api);
  });
}

const pick = ({ host, port }: { host: string; port: number }) => ({ host, port });
