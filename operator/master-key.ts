import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { MASTER_KEY_BYTES, parseMasterKey } from '../contract/credentials.ts';
import { type Backoff, backoffDelay } from '../kube/backoff.ts';
import type { KubeClient } from '../kube/client.ts';
import { isAlreadyExists, isTransient } from '../kube/errors.ts';
import type { KubeObject } from '../kube/object.ts';
import { secrets } from '../kube/resources.ts';

/** Where the master key is kept. */
export interface MasterKeyLocation {
  namespace: string;
  name: string;
  key: string;
}

interface MasterKeySecret extends KubeObject {
  data?: Record<string, string>;
}

/**
 * Reads the master key from its Secret, after creating that where there is none. A Secret that exists is never written
 * to: every password in the installation hangs on it. Throws where it holds no usable key.
 */
export async function ensureMasterKey(
  client: Pick<KubeClient, 'get' | 'create'>,
  location: MasterKeyLocation,
): Promise<Uint8Array> {
  const { namespace, name, key } = location;
  const read = () => client.get<MasterKeySecret>(secrets, { namespace, name });
  const secret = (await read()) ?? (await create(client, location)) ?? (await read());
  const text = secret?.data?.[key];
  if (text === undefined)
    throw new Error(`the Secret ${namespace}/${name} has no key ${key}; add it, or delete the Secret to have one made`);
  return parseMasterKey(Buffer.from(text, 'base64').toString());
}

/** As `ensureMasterKey`, tried again for as long as the API server is away or overloaded: ending would be a crash loop. */
export async function awaitMasterKey(
  client: Pick<KubeClient, 'get' | 'create'>,
  location: MasterKeyLocation,
  onError: (error: unknown, retryInMs: number) => void,
  backoff: Backoff = { baseMs: 500, maxMs: 10_000 },
): Promise<Uint8Array> {
  for (let failures = 1; ; failures++) {
    try {
      return await ensureMasterKey(client, location);
    } catch (error) {
      if (!isTransient(error)) throw error;
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
  const secret: MasterKeySecret = {
    apiVersion: 'v1',
    kind: 'Secret',
    // Not the operator's label: its caches need not hold the key. Without an owner, so that it outlives the release.
    metadata: { namespace, name, labels: { 'app.kubernetes.io/part-of': 'cubby' } },
    type: 'Opaque',
    data: { [key]: Buffer.from(text).toString('base64') },
  };
  try {
    return await client.create(secrets, secret);
  } catch (error) {
    if (isAlreadyExists(error)) return undefined;
    throw error;
  }
}
