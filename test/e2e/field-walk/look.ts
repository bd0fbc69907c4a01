import { Redis } from 'ioredis';
import { parseMasterKey, redisPassword } from '../../../contract/credentials.ts';
import { API_VERSION, type KVStore, type KVToken } from '../../../contract/objects.ts';
import { openCluster } from '../../../kube/cluster.ts';
import type { KubeObject } from '../../../kube/object.ts';
import { persistentVolumeClaims, pods, resource, secrets } from '../../../kube/resources.ts';
import { kubeconfig, url } from '../environment.ts';
import type { StoreSeen } from './store-seen.ts';
import type { TokenSeen } from './token-rows.ts';

/** The cluster of `npm start`, by its API: a walk looks too often to start a kubectl each time. */
export const cluster = openCluster({ kubeconfig, userAgent: 'field-walk' });
export const kvStores = resource(API_VERSION, 'KVStore', 'kvstores');
export const kvTokens = resource(API_VERSION, 'KVToken', 'kvtokens');

/** Looks at a store `main` again and again. */
export interface StoreEyes {
  look(): Promise<StoreSeen>;
  close(): void;
}

/** The Redis of one pod, as the operator's user sees it through a forwarded port. */
interface Way {
  uid: string | undefined;
  redis: Redis;
  close(): void;
}

/** Opens eyes on the store `main` of a namespace; `token` reads the key "kept" over the API. */
export function openEyes(namespace: string, token: string): StoreEyes {
  let way: Way | undefined;
  const redisOf = async (store: KVStore, pod: KubeObject): Promise<Redis> => {
    if (way && way.uid === pod.metadata.uid && way.redis.status === 'ready') return way.redis;
    way?.close();
    way = await openWay(store, pod);
    return way.redis;
  };
  return {
    async look() {
      const key = (name: string) => ({ namespace, name });
      const [store, pod, claim, answer] = await Promise.all([
        cluster.client.get(kvStores, key('main')) as Promise<unknown> as Promise<KVStore>,
        cluster.client.get(pods, key('main-redis-0')),
        cluster.client.get(persistentVolumeClaims, key('data-main-redis-0')),
        ask(token),
      ]);
      const ready = isRunning(pod);
      const redis = ready && pod ? await redisOf(store, pod) : undefined;
      const [config, info, acl] = redis
        ? ((await Promise.all([redis.call('CONFIG', 'GET', '*'), redis.info(), redis.call('ACL', 'LIST')])) as [
            string[],
            string,
            string[],
          ])
        : [[], '', []];
      return {
        store,
        pod,
        claim,
        answer,
        container: containerOf(pod),
        config: Object.fromEntries(config.flatMap((name, i) => (i % 2 === 0 ? [[name, config[i + 1] ?? '']] : []))),
        info: Object.fromEntries(info.split('\r\n').map((line) => line.split(':', 2))),
        users: acl.filter((line) => / on /.test(line)).map((line) => line.split(' ')[1] ?? ''),
      };
    },
    close: () => way?.close(),
  };
}

async function openWay(store: KVStore, { metadata }: KubeObject): Promise<Way> {
  const { namespace = '', name, uid } = metadata;
  const forward = await cluster.forward({ namespace, pod: name, port: 6379 });
  const generation = store.status?.credentialGeneration ?? 1;
  const password = redisPassword(await masterKey(), store.metadata.uid, generation, 'operator');
  const redis = new Redis({
    port: forward.port,
    username: 'operator',
    password,
    protocol: 2,
    lazyConnect: true,
    enableReadyCheck: false,
    disableClientInfo: true,
    maxRetriesPerRequest: 0,
    commandTimeout: 5_000,
    retryStrategy: () => null,
  });
  redis.on('error', () => {}); // the calls reject as well
  const close = () => {
    redis.disconnect();
    forward.close();
  };
  await redis.connect().catch((error: unknown) => {
    close();
    throw error;
  });
  return { uid, redis, close };
}

async function masterKey(): Promise<Uint8Array> {
  const secret = (await cluster.client.get(secrets, { namespace: 'cubby-system', name: 'cubby-master-key' })) as
    | (KubeObject & { data?: Record<string, string> })
    | undefined;
  return parseMasterKey(Buffer.from(secret?.data?.['master-key'] ?? '', 'base64').toString());
}

// biome-ignore lint/suspicious/noExplicitAny: a pod's status has many fields
function statusOf(pod: any): any {
  return pod?.status?.containerStatuses?.find(({ name }: { name: string }) => name === 'redis');
}

function isRunning(pod: KubeObject | undefined): boolean {
  return statusOf(pod)?.state?.running !== undefined && pod?.metadata.deletionTimestamp === undefined;
}

function containerOf(pod: KubeObject | undefined): StoreSeen['container'] {
  const { image = '', resources = {} } = statusOf(pod) ?? {};
  const { requests = {}, limits = {} } = resources;
  return { image, restarts: statusOf(pod)?.restartCount ?? 0, resources: { requests, limits } };
}

/** A request to the API, by default a read of the key "kept". */
export async function ask(token: string, method = 'GET', path = '/infra/kv/kept'): Promise<StoreSeen['answer']> {
  const response = await fetch(url + path, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(method === 'PUT' && { body: '{"value":1}' }),
    signal: AbortSignal.timeout(10_000),
  });
  const text = await response.text();
  return { status: response.status, text, headers: Object.fromEntries(response.headers) };
}

/** Looks at a token; `text` is the token itself, where no Secret has it. */
export async function lookAtToken(namespace: string, name: string, text?: string): Promise<TokenSeen> {
  const token = (await cluster.client.get(kvTokens, { namespace, name })) as unknown as KVToken;
  const secretName = token.status?.secretName;
  const secret =
    secretName === undefined ? undefined : await cluster.client.get(secrets, { namespace, name: secretName });
  const data = (secret as { data?: Record<string, string> } | undefined)?.data?.token ?? '';
  const { status, text: body } = await ask(
    text ?? Buffer.from(data, 'base64').toString(),
    'GET',
    '/core/tokens/me/scopes',
  );
  return { token, secret: secret !== undefined, me: { status, body: JSON.parse(body) } };
}
