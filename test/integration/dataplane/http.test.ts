import { after, before, beforeEach, describe } from 'node:test';
import type { Endpoint } from '../../../dataplane/directory/stores.ts';
import { createMemoryStores } from '../../../dataplane/store/memory.ts';
import type { Pool } from '../../../dataplane/store/pool.ts';
import { startTenantCluster, type TenantCluster } from '../../contract/tenant-cluster.ts';
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

/** A store that a tenant may have. */
type Tenant = Pick<TenantRedis | TenantCluster, 'address' | 'password' | 'flush' | 'stop' | 'pool'>;

for (const version of ['7.0', '8.0'] as const) {
  overRedis(`Redis ${version}`, () => startTenantRedis(version));
  overRedis(`three shards of Redis ${version}`, () => startTenantCluster(version, 3));
}

function overRedis(what: string, start: () => Promise<Tenant>): void {
  describe(`over ${what}`, () => {
    let servers: [Tenant, Tenant];
    let pool: Pool;
    let api: Api;
    const serverOf = new Map<string, Tenant>();

    /** Tenants take turns, so that any two in a row have a Redis each. */
    function assign(namespace: string): Tenant {
      const server = serverOf.get(namespace) ?? servers[serverOf.size % 2 === 0 ? 0 : 1];
      serverOf.set(namespace, server);
      return server;
    }

    before(async () => {
      servers = [await start(), await start()];
      const passwordAt = (port: number) => servers.find(({ address }) => address.port === port)?.password ?? '';
      ({ pool } = servers[0].pool({ password: ({ port }) => passwordAt(port) }));
      api = await startApi({
        stores: pool,
        endpointOf: ({ metadata }) => placeOf(assign(metadata.namespace)),
        heldBytes,
      });
    });
    beforeEach(async () => {
      for (const server of servers) await server.flush();
    });
    after(async () => {
      api.close();
      await pool.close();
      for (const server of servers) await server.stop();
    });
    for (const suite of suites) suite(what.toLowerCase(), () => api);
  });
}

function placeOf({ address: { host, port, topology } }: Tenant): Endpoint {
  return { host, port, ...(topology && { topology }) };
}
