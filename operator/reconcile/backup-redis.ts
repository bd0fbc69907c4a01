import { aclPasswordHash, passwordsToTry } from '../../contract/credentials.ts';
import { REDIS_PORT } from '../../contract/names.ts';
import type { KVStore } from '../../contract/objects.ts';
import type { RedisSession } from '../redis/session.ts';
import { loadedUsers } from '../resources/acl.ts';
import { isRunning } from '../status/pod.ts';
import type { Context } from './context.ts';

/** The address of a pod of the store; undefined where it does not run. */
export function hostOf({ caches }: Pick<Context, 'caches'>, { metadata }: KVStore, name: string): string | undefined {
  const pod = caches.pods.get({ namespace: metadata.namespace, name });
  return pod && isRunning(pod) && !pod.metadata.deletionTimestamp ? pod.status?.podIP : undefined;
}

/** Asks a Redis of the store as its user "operator". Rejects where it cannot be asked. */
export async function askRedis<T>(
  { connectRedis, masterKeys }: Pick<Context, 'connectRedis' | 'masterKeys'>,
  { metadata, status }: KVStore,
  host: string,
  ask: (session: RedisSession) => Promise<T>,
): Promise<T> {
  const password = passwordsToTry(masterKeys(), metadata.uid, status?.credentialGeneration ?? 1, 'operator');
  const session = await connectRedis({ host, port: REDIS_PORT, password });
  try {
    return await ask(session);
  } finally {
    session.close();
  }
}

/** A snapshot goes from Redis' fork over the socket, at once, and not by a file on the store's volume. */
const DISKLESS = { 'repl-diskless-sync': 'yes', 'repl-diskless-sync-delay': '0' };

/** Undefined where Redis is ready to be read by that password; else why not, or nothing where it will be soon. */
export async function prepareRedis(
  context: Pick<Context, 'connectRedis' | 'masterKeys'>,
  store: KVStore,
  host: string,
  password: string,
): Promise<string | undefined> {
  try {
    return await askRedis(context, store, host, async (session) => {
      const accepted = loadedUsers(await session.aclList()).passwords.get('backup');
      if (!accepted?.includes(`#${aclPasswordHash(password)}`)) return '';
      // The status may be of before a failover; a replica may lack what was acknowledged last.
      if ((await session.info()).replication.role !== 'primary') return 'it is not the primary any more';
      const config = await session.configGet(Object.keys(DISKLESS));
      for (const [name, value] of Object.entries(DISKLESS))
        if (config[name] !== value) await session.configSet(name, value);
      return undefined;
    });
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
