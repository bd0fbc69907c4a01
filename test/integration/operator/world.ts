import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, type TestContext } from 'node:test';
import { parse } from 'yaml';
import { startApiServer, type TestApiServer } from '../../../cluster/test-apiserver.ts';
import { API_VERSION, type KVStore, type KVToken } from '../../../contract/objects.ts';
import type { KubeClient } from '../../../kube/client.ts';
import { connect } from '../../../kube/config.ts';
import type { ApiObject, KubeObject, ObjectKey } from '../../../kube/object.ts';
import { namespaces, type Resource, resource } from '../../../kube/resources.ts';
import { type Config, parseConfig } from '../../../operator/config.ts';
import { type Operator, startOperator } from '../../../operator/operator.ts';
import { type ConnectRedis, connectRedis } from '../../../operator/redis/session.ts';

export const kvStores = resource(API_VERSION, 'KVStore', 'kvstores');
export const kvTokens = resource(API_VERSION, 'KVToken', 'kvtokens');
export const kvBackups = resource(API_VERSION, 'KVBackup', 'kvbackups');
export const kvBackupSchedules = resource(API_VERSION, 'KVBackupSchedule', 'kvbackupschedules');
export const customResourceDefinitions = resource(
  'apiextensions.k8s.io/v1',
  'CustomResourceDefinition',
  'customresourcedefinitions',
  false,
);

export const SYSTEM_NAMESPACE = 'cubby-system';
export const masterKey = Buffer.alloc(32, 9);

/** A write that the operator made, in words. */
export interface Write {
  verb: string;
  object: string;
  namespace: string | undefined;
}

/** An API server with the CRDs, an operator in this process, and what it wrote. Kubelet and controllers are played by the test. */
export interface World {
  client: KubeClient;
  writes: Write[];
  events: { reason: string; about: string; message: string }[];
  operator: Operator;
  /** Ends the operator and starts another one, as an upgrade or a crash would. */
  restartOperator(config?: Partial<Config>): Promise<void>;
  /** Told of each CLUSTER command before it is sent; it is not sent where this throws. */
  onCluster?: ((words: readonly (string | number)[]) => void) | undefined;
  /** Where the Redis behind the address of a pod or of its Service really is. */
  redisAt: Map<string, { host: string; port: number }>;
  /** Keys of stores, "namespace/name", in the order in which reconciles of them ended. */
  runs: string[];
  failures: unknown[];
}

const config: Config = parseConfig(
  JSON.stringify({
    systemNamespace: SYSTEM_NAMESPACE,
    image: 'ghcr.io/cubby-dev/cubby:test',
    versions: { '7.0': 'docker.io/library/redis:7.0', '8.0': 'docker.io/library/redis:8.0' },
    dataPlaneUrl: 'http://cubby-dataplane.cubby-system.svc',
    resyncSeconds: 1,
  }),
  'test',
);

/** Starts an API server with the CRDs, which ends with the tests of the file. */
export async function startCluster(): Promise<{ server: TestApiServer; client: KubeClient }> {
  const server = await startApiServer();
  const client = connect({ kubeconfig: server.kubeconfig, userAgent: 'test' });
  await installCrds(client);
  after(async () => {
    client.close();
    await server.stop();
  });
  return { server, client };
}

/** Makes the CRDs and the system namespace on a new API server; resolves when it serves them. */
export async function installCrds(client: KubeClient): Promise<void> {
  for (const name of ['kvstores', 'kvtokens', 'kvbackups', 'kvbackupschedules']) {
    const text = readFileSync(join(import.meta.dirname, `../../../crds/${name}.cubby.dev.yaml`), 'utf8');
    await client.create(customResourceDefinitions, parse(text) as KubeObject);
  }
  await createNamespace(client, SYSTEM_NAMESPACE);
  await until('the CRDs are served', async () => {
    await client.list(kvStores);
    await Promise.all([client.list(kvTokens), client.list(kvBackups), client.list(kvBackupSchedules)]);
    return true;
  });
}

/** Starts an operator on the cluster, which ends with the test. */
export async function startWorld(
  t: TestContext,
  server: TestApiServer,
  overrides: Partial<Config> = {},
): Promise<World> {
  const client = connect({ kubeconfig: server.kubeconfig, userAgent: 'test' });
  const redisAt: World['redisAt'] = new Map();
  const dial: ConnectRedis = async (address) => {
    const session = await connectRedis({ ...address, ...redisAt.get(address.host) });
    const at = (word: string | number) => redisAt.get(String(word))?.host ?? word;
    return {
      ...session,
      async cluster(...words) {
        world.onCluster?.(words);
        return session.cluster(...words.map(at));
      },
    };
  };
  const world = { client, redisAt, writes: [], events: [], runs: [], failures: [] } as unknown as World;
  const start = (more: Partial<Config>) =>
    startOperator({
      client: recordWrites(client, world.writes),
      config: { ...config, ...overrides, ...more },
      masterKeys: Promise.resolve({ current: masterKey }),
      connectRedis: dial,
      events: {
        record: (about, _type, reason, message) =>
          world.events.push({ reason, about: `${about.kind}/${about.metadata.name}`, message }),
      },
      onRun: (controller, { key, error }) => {
        if (controller === 'store') world.runs.push(key);
        if (error !== undefined) world.failures.push(error);
      },
      onWatchError: () => {},
    });
  world.operator = start({});
  await world.operator.lead();
  world.restartOperator = async (more = {}) => {
    await world.operator.stop();
    world.operator = start(more);
    await world.operator.lead();
  };
  t.after(async () => {
    await world.operator.stop();
    client.close();
  });
  return world;
}

const WRITES = new Set(['create', 'replace', 'apply', 'patch', 'delete']);

function recordWrites(client: KubeClient, writes: Write[]): KubeClient {
  return new Proxy(client, {
    get(target, name: keyof KubeClient) {
      if (!WRITES.has(name)) return target[name];
      return (kind: Resource, subject: ApiObject | ObjectKey, ...rest: unknown[]) => {
        const { namespace, name: called } = 'metadata' in subject ? subject.metadata : subject;
        writes.push({ verb: name, object: `${kind.kind}/${called}`, namespace });
        return (target[name] as (...args: unknown[]) => unknown)(kind, subject, ...rest);
      };
    },
  });
}

/** Waits until the probe gives something, trying again also after an error; fails with `what` after `limitMs`. */
export async function until<T>(
  what: string,
  probe: () => Promise<T | undefined | false>,
  limitMs = 15_000,
): Promise<T> {
  const start = performance.now();
  let last: unknown;
  while (performance.now() - start < limitMs) {
    try {
      const found = await probe();
      if (found) return found;
      last = undefined;
    } catch (error) {
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`not within ${limitMs} ms: ${what}`, { cause: last });
}

/** Makes a namespace; its name must be new. */
export async function createNamespace(client: KubeClient, name: string): Promise<string> {
  await client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  return name;
}

/** Creates a KVStore with that spec. */
export function createStore(
  { client }: Pick<World, 'client'>,
  namespace: string,
  spec: Partial<KVStore['spec']> | Record<string, unknown> = {},
  name = 'main',
): Promise<KVStore> {
  const object = {
    apiVersion: API_VERSION,
    kind: 'KVStore',
    metadata: { namespace, name },
    spec: { version: '8.0', memory: '32Mi', ...spec },
  };
  return client.create(kvStores, object as unknown as KubeObject) as unknown as Promise<KVStore>;
}

/** Creates a KVToken with that spec. */
export function createToken(
  { client }: Pick<World, 'client'>,
  namespace: string,
  spec: Record<string, unknown> = {},
  name = 'web',
): Promise<KVToken> {
  const defaults = spec.type === 'ApiKey' ? {} : { type: 'Project', storeRef: { name: 'main' } };
  const object = {
    apiVersion: API_VERSION,
    kind: 'KVToken',
    metadata: { namespace, name },
    spec: { ...defaults, ...spec },
  };
  return client.create(kvTokens, object as KubeObject) as unknown as Promise<KVToken>;
}

/** Merge-patches the spec of a store. */
export function editStore(
  { client }: Pick<World, 'client'>,
  namespace: string,
  spec: Record<string, unknown>,
  name = 'main',
) {
  return client.patch(kvStores, { namespace, name }, { spec }, { type: 'merge' });
}

/** The store's status once it speaks of the present generation and `holds`. */
export function statusWhen(
  { client }: Pick<World, 'client'>,
  namespace: string,
  what: string,
  holds: (status: NonNullable<KVStore['status']>) => unknown,
  name = 'main',
): Promise<NonNullable<KVStore['status']>> {
  return until(`${namespace}/${name}: ${what}`, async () => {
    const store = (await client.get(kvStores, { namespace, name })) as unknown as KVStore | undefined;
    const status = store?.status;
    return status?.observedGeneration === store?.metadata.generation && status && holds(status) ? status : undefined;
  });
}

/** A condition's reason where it has that status; undefined otherwise. */
export function reasonOf(
  status: { conditions?: { type: string; status: string; reason: string }[] },
  type: string,
  wanted = 'True',
): string | undefined {
  const found = status.conditions?.find((condition) => condition.type === type);
  return found?.status === wanted ? found.reason : undefined;
}

/** What the operator wrote in a namespace, oldest first; other tests' stores are of no concern. */
export function writesIn({ writes }: Pick<World, 'writes'>, namespace: string): Write[] {
  return writes.filter((write) => write.namespace === namespace);
}

/** Waits until the operator has written nothing for `quietMs`; fails where it goes on for 20 s. */
export async function settled({ writes }: Pick<World, 'writes'>, quietMs = 1_500): Promise<void> {
  const end = performance.now() + 20_000;
  while (performance.now() < end) {
    const before = writes.length;
    await new Promise((resolve) => setTimeout(resolve, quietMs));
    if (writes.length === before) return;
  }
  throw new Error(`the operator does not stop writing: ${JSON.stringify(writes.slice(-5))}`);
}
