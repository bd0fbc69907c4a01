import type { RedisAddress } from '../../contract/backup.ts';
import { childNames, REDIS_PORT } from '../../contract/names.ts';
import type { KVBackup, KVStore } from '../../contract/objects.ts';
import { leaveTurn, takeTurn } from './backup-access.ts';
import { LOOK_MS, SOON_MS, type Wait, wait } from './backup-plan.ts';
import { hostOf, prepareRedis } from './backup-redis.ts';
import { findShards, type Shards } from './backup-shards.ts';
import type { Context } from './context.ts';

/** What may be read now. */
export interface Opened {
  redis: RedisAddress | Shards;
  /** Name of the Secret with the password. */
  secret: string;
}

/** Takes the store's turn and waits until its Redis, or those of all shards, let the backup's pod in. */
export async function openSource(
  context: Context,
  backup: KVBackup,
  store: KVStore,
  signal: AbortSignal,
): Promise<{ opened: Opened } | { wait: Wait }> {
  const giveWay = async (why: string) => {
    await leaveTurn(context, backup, signal);
    return wait('StoreNotReady', why);
  };
  const redis = await findSource(context, store);
  if (typeof redis === 'string') return giveWay(redis);
  const turn = await takeTurn(context, backup, signal);
  if (turn !== 'soon' && 'holder' in turn) return wait('OtherBackupRuns', `waiting for ${turn.holder}`);
  const message = 'the Redis of the store is about to take the user of the backup';
  if (turn === 'soon') return wait('StoreNotReady', message, SOON_MS);
  for (const { host } of 'host' in redis ? [redis] : redis) {
    const why = await prepareRedis(context, store, host, turn.password);
    if (why !== undefined) return wait('StoreNotReady', `${message}${why && `: ${why}`}`, why ? LOOK_MS : SOON_MS);
  }
  // Slots may have begun to move before the turn was taken. That all shards have the user shows that it was seen since.
  const opened = 'host' in redis ? redis : await findSource(context, store);
  if (typeof opened === 'string') return giveWay(opened);
  return { opened: { redis: opened, secret: childNames(store.metadata.name).backupSecret } };
}

/** The Redis that takes writes, or all shards; else why there is nothing to read yet. */
async function findSource(context: Context, store: KVStore): Promise<RedisAddress | Shards | string> {
  if (store.spec.shards !== undefined) return findShards(context, store);
  const { metadata, status } = store;
  const primary = status?.members?.find(({ role }) => role === 'Primary')?.name ?? childNames(metadata.name).pod;
  const host = hostOf(context, store, primary);
  if (host === undefined) return 'the Redis of the store does not run; the backup begins when it does';
  return { host, port: REDIS_PORT };
}
