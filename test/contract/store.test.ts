import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createMemoryStore } from '../../dataplane/store/memory.ts';
import type { Pool } from '../../dataplane/store/pool.ts';
import { storeContract } from './store.ts';
import { startTenantCluster, type TenantCluster } from './tenant-cluster.ts';
import { startTenantRedis, type TenantRedis } from './tenant-redis.ts';
import { startTenantReplicated, type TenantReplicated } from './tenant-replicated.ts';

describe('memory', () => {
  let waited = 0;
  const store = createMemoryStore(() => Date.now() + waited);
  const wait = async (ms: number) => {
    waited += ms;
  };
  storeContract({ name: 'memory', open: () => store, wait });
});

for (const version of ['7.0', '8.0'] as const) {
  describe(`redis ${version}`, () => {
    let tenant: TenantRedis;
    let pool: Pool;
    before(async () => {
      // It looks a hundred times a second for what is to be done in the background, such as making a table smaller.
      tenant = await startTenantRedis(version, ['--hz', '100']);
      pool = tenant.pool().pool;
    });
    after(async () => {
      await pool.close();
      await tenant.stop();
    });
    storeContract({ name: `redis ${version}`, open: () => pool.open(tenant.address), wait: sleep });
  });
}

for (const version of ['7.0', '8.0'] as const) {
  describe(`three shards of redis ${version}`, () => {
    let tenant: TenantCluster;
    let pool: Pool;
    before(async () => {
      tenant = await startTenantCluster(version, 3, ['--hz', '100']);
      pool = tenant.pool().pool;
    });
    after(async () => {
      await pool.close();
      await tenant.stop();
    });
    storeContract({ name: `shards ${version}`, open: () => pool.open(tenant.address), wait: sleep });
  });
}

describe('a primary and two replicas of redis 8.0', () => {
  let tenant: TenantReplicated;
  let pool: Pool;
  before(async () => {
    tenant = await startTenantReplicated({ version: '8.0' });
    pool = tenant.pool().pool;
  });
  after(async () => {
    await pool.close();
    await tenant.stop();
  });
  const open = () => pool.open(tenant.address);
  storeContract({ name: 'replicas', open, wait: sleep });
  storeContract({ name: 'replicas, durable', open: () => open().durable?.(3) ?? assert.fail(), wait: sleep });
});
