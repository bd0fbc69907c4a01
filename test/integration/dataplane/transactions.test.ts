import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Redis } from 'ioredis';
import { startTenantRedis } from '../../contract/tenant-redis.ts';

for (const version of ['7.0', '8.0'] as const) {
  test(`what Redis ${version} acknowledged in a transaction is there again after it was killed`, async () => {
    const redis = await startTenantRedis(version, ['--appendonly', 'yes', '--appendfsync', 'always']);
    try {
      const { pool } = redis.pool();
      const made = await pool.open(redis.address).increment('counter', 5, 3600);
      assert.equal(made.value.toString(), '5');
      await redis.server.kill();
      await redis.server.restart();
      const kept = await pool.open(redis.address).get('counter');
      await pool.close();
      assert.deepEqual([kept?.value.toString(), kept?.expiresAt], ['5', made.expiresAt]);
    } finally {
      await redis.stop();
    }
  });

  test(`nobody can be the default user of Redis ${version}`, async () => {
    const redis = await startTenantRedis(version);
    try {
      const { host, port } = redis.server;
      for (const password of ['', 'nopass', 'default']) {
        const client = new Redis({ host, port, username: 'default', password, lazyConnect: true, retryStrategy: null });
        client.on('error', () => {});
        await client.connect().catch(() => {});
        await assert.rejects(client.set('key', 'value'), /NOAUTH|WRONGPASS|closed/);
        client.disconnect();
      }
      assert.equal(await redis.admin().get('key'), null);
    } finally {
      await redis.stop();
    }
  });
}
