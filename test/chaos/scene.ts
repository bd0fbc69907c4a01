import { Redis } from 'ioredis';
import { redisPassword, type ServiceUser } from '../../contract/credentials.ts';
import { childNames, REDIS_PORT } from '../../contract/names.ts';
import type { KVStore, KVToken } from '../../contract/objects.ts';
import type { KubeClient } from '../../kube/client.ts';
import { pods } from '../../kube/resources.ts';
import type { Pod } from '../../operator/status/pod.ts';
import {
  createStore,
  createToken,
  editStore,
  kvStores,
  kvTokens,
  masterKey,
  until,
} from '../integration/operator/world.ts';

type Spec = Partial<KVStore['spec']> | Record<string, unknown>;
type Status = NonNullable<KVStore['status']>;

/** Long enough for a machine that does much else, in ms; what is waited for comes sooner. */
export const PATIENCE_MS = 120_000;

/** What a user of a namespace does, past every fault: the store is called `main` and its token `web`. */
export interface Scene {
  client: KubeClient;
  namespace: string;
  create(spec?: Spec): Promise<unknown>;
  createToken(): Promise<unknown>;
  edit(spec: Record<string, unknown>): Promise<unknown>;
  store(): Promise<KVStore | undefined>;
  token(): Promise<KVToken | undefined>;
  pod(): Promise<Pod | undefined>;
  /** Waits until the status speaks of the present spec and `holds`. */
  when(what: string, holds: (status: Status) => unknown): Promise<Status>;
  /** Waits for anything else. */
  until<T>(what: string, probe: () => Promise<T | undefined | false>): Promise<T>;
  /** Waits until Redis runs as spec says and nothing is under way. */
  ready(): Promise<Status>;
  /** Runs `work` with a connection to the Redis of each pod as that user; what came of it at those that have the keys. */
  redis<T>(user: ServiceUser, work: (redis: Redis) => Promise<T>): Promise<T[]>;
}

/** A scene in a namespace that exists; nothing is waited for longer than `patienceMs`. */
export function setScene(client: KubeClient, namespace: string, patienceMs = PATIENCE_MS): Scene {
  const key = { namespace, name: 'main' };
  const store = () => client.get<KVStore>(kvStores, key);
  const running = async () => {
    const { items } = await client.list<Pod>(pods, { namespace });
    const members = items.filter(({ metadata }) => /^main-redis-\d+$/.test(metadata.name));
    return members.flatMap(({ status }) => status?.podIP ?? []);
  };
  const pod = () => client.get<Pod>(pods, { namespace, name: childNames('main').pod });
  const wait: Scene['until'] = (what, probe) => until(`${namespace}: ${what}`, probe, patienceMs);
  const when: Scene['when'] = (what, holds) =>
    wait(what, async () => {
      const { metadata, status } = (await store()) ?? {};
      return status?.observedGeneration === metadata?.generation && status && holds(status) ? status : undefined;
    });
  return {
    client,
    namespace,
    store,
    pod,
    token: () => client.get<KVToken>(kvTokens, { namespace, name: 'web' }),
    create: (spec = {}) => createStore({ client }, namespace, spec),
    createToken: () => createToken({ client }, namespace),
    edit: (spec) => editStore({ client }, namespace, spec),
    when,
    until: wait,
    ready: () => when('is ready', (status) => is(status, 'Ready', 'True') && !is(status, 'Progressing', 'True')),
    async redis(user, work) {
      const [owner, hosts] = await Promise.all([store(), running()]);
      if (!owner) return [];
      const password = redisPassword(masterKey, owner.metadata.uid, owner.status?.credentialGeneration ?? 1, user);
      const ask = async (host: string) => {
        const at = { host, port: REDIS_PORT, username: user, password };
        const redis = new Redis({ ...at, protocol: 2, enableReadyCheck: false, retryStrategy: () => null });
        redis.on('error', () => {}); // the call that it concerns rejects
        try {
          return [await work(redis)];
        } catch (error) {
          if (isElsewhere(error)) return [];
          throw error;
        } finally {
          redis.disconnect();
        }
      };
      return (await Promise.all(hosts.map(ask))).flat();
    },
  };
}

/** Whether a shard says that another has the key, or a replica that another takes the writes. */
export function isElsewhere(error: unknown): boolean {
  return error instanceof Error && /^(MOVED|READONLY) /.test(error.message);
}

/** Whether a condition has that status. */
export function is({ conditions }: Status, type: string, status: string): boolean {
  return conditions?.some((condition) => condition.type === type && condition.status === status) ?? false;
}
