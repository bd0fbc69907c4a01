import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { MASTER_KEY_BYTES, type MasterKeys, parseMasterKey } from '../contract/credentials.ts';
import { type Backoff, backoffDelay } from '../kube/backoff.ts';
import type { KubeClient } from '../kube/client.ts';
import { isAlreadyExists, isTransient } from '../kube/errors.ts';
import type { KubeObject } from '../kube/object.ts';
import { secrets } from '../kube/resources.ts';
import { readMasterKeys } from './reconcile/master-key.ts';
import { masterKeySecret } from './resources/master-key.ts';

/** Where the master key is kept. */
export interface MasterKeyLocation {
  namespace: string;
  name: string;
  key: string;
}

interface MasterKeySecret extends KubeObject {
  data?: Record<string, string>;
}

/** The previous key cannot be used: a store that knows no other would be locked out by whoever went on without it. */
class UnusablePreviousKey extends Error {
  override readonly name = 'UnusablePreviousKey';
}

/**
 * Reads the master keys from their Secret, after creating that where there is none. A Secret that exists is not written
 * to: every password in the installation hangs on it. Throws where it holds no usable key, or one that is not.
 */
export async function ensureMasterKey(
  client: Pick<KubeClient, 'get' | 'create'>,
  location: MasterKeyLocation,
): Promise<MasterKeys> {
  const { namespace, name, key } = location;
  const read = () => client.get<MasterKeySecret>(secrets, { namespace, name });
  const secret = (await read()) ?? (await create(client, location)) ?? (await read());
  if (secret?.data?.[key] === undefined)
    throw new Error(`the Secret ${namespace}/${name} has no key ${key}; add it, or delete the Secret to have one made`);
  parseMasterKey(Buffer.from(secret.data[key], 'base64').toString());
  try {
    return readMasterKeys(secret, key);
  } catch (error) {
    const remedy = `put it right in the Secret ${namespace}/${name}, or remove it where every store accepts the present one`;
    throw new UnusablePreviousKey(`${(error as Error).message}; ${remedy}`);
  }
}

/**
 * As `ensureMasterKey`, tried again for as long as the API server is away or overloaded, or the previous key cannot be
 * used: ending would be a crash loop.
 */
export async function awaitMasterKey(
  client: Pick<KubeClient, 'get' | 'create'>,
  location: MasterKeyLocation,
  onError: (error: unknown, retryInMs: number) => void,
  backoff: Backoff = { baseMs: 500, maxMs: 10_000 },
): Promise<MasterKeys> {
  for (let failures = 1; ; failures++) {
    try {
      return await ensureMasterKey(client, location);
    } catch (error) {
      if (!isTransient(error) && !(error instanceof UnusablePreviousKey)) throw error;
      const retryInMs = backoffDelay(backoff, failures, Math.random);
      onError(error, retryInMs);
      await sleep(retryInMs);
    }
  }
}

/** Undefined where another replica was first. */
async function create(
  client: Pick<KubeClient, 'create'>,
  { namespace, name, key }: MasterKeyLocation,
): Promise<MasterKeySecret | undefined> {
  const text = randomBytes(MASTER_KEY_BYTES).toString('base64');
  const data = { [key]: Buffer.from(text).toString('base64') };
  try {
    return await client.create<MasterKeySecret>(secrets, masterKeySecret({ namespace, name }, data));
  } catch (error) {
    if (isAlreadyExists(error)) return undefined;
    throw error;
  }
}
