import { randomBytes } from 'node:crypto';
import { after } from 'node:test';
import { Redis } from 'ioredis';
import { startRedis, type TestRedis, type TestRedisOptions } from '../../../cluster/test-redis.ts';
import { startS3, type TestS3 } from '../../../cluster/test-s3.ts';
import { BACKUP_USER } from './pipeline.ts';

/** Starts an S3 server that backups go to; it ends with the tests of the file. */
export async function startPlace(): Promise<TestS3> {
  const s3 = await startS3();
  after(() => s3.stop());
  return s3;
}

/** A Redis that backups are made of, and a client of it that may do everything. */
export interface Source {
  redis: TestRedis;
  client: Redis;
}

/** Starts one, with what a store's has while a backup runs; it ends with the tests of the file, or the one that asks. */
export async function startSource(
  version: TestRedisOptions['version'] = '8.0',
  config: readonly string[] = [],
): Promise<Source> {
  const redis = await startRedis({ version, config: [...BACKUP_USER, ...config] });
  const client = new Redis({ host: redis.host, port: redis.port });
  after(async () => {
    client.disconnect();
    await redis.stop();
  });
  return { redis, client };
}

/** Sets so many values of a megabyte each. */
export async function setLarge(client: Redis, megabytes: number): Promise<void> {
  for (let index = 0; index < megabytes; index++) await client.set(`large:${index}`, randomBytes(1_000_000));
}
