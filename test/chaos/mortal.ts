import type { KubeClient } from '../../kube/client.ts';
import { connect } from '../../kube/config.ts';
import { createEventRecorder } from '../../kube/events.ts';
import { parseConfig } from '../../operator/config.ts';
import { type Operator, startOperator } from '../../operator/operator.ts';
import { type ConnectRedis, connectRedis, type RedisSession } from '../../operator/redis/session.ts';
import { masterKey, SYSTEM_NAMESPACE } from '../integration/operator/world.ts';
import { pass, type Script } from './fate.ts';
import { behindService, serviceBefore } from './member-address.ts';
import { type ApiProxy, type StreamFaults, startProxy } from './proxy.ts';

/** A bug of the test's own, put between the operator and its client, that a suite must catch. */
export type Plant = (client: KubeClient) => KubeClient;

export interface MortalOptions {
  kubeconfig: string;
  /** All that it sees and does. */
  namespace: string;
  script?: Script;
  streams?: StreamFaults | undefined;
  plant?: Plant | undefined;
  /** Its watches tell it nothing before `release`. */
  isHeld?: boolean;
}

/** An operator in this process that can end as if its process had: from then on nothing of it reaches anybody. */
export interface Mortal {
  proxy: ApiProxy;
  /** Lets the watches of one that is held tell what has happened since. */
  release(): void;
  /** Resolves when the script has ended it. */
  died: Promise<void>;
  /** What went wrong in it, of the watches and the reconciles. */
  failures: unknown[];
  /** Ends it, in order where it has not ended already. */
  stop(): Promise<void>;
}

const config = parseConfig(
  JSON.stringify({
    systemNamespace: SYSTEM_NAMESPACE,
    image: 'ghcr.io/cubby-dev/cubby:test',
    versions: { '7.0': 'docker.io/library/redis:7.0', '8.0': 'docker.io/library/redis:8.0' },
    dataPlaneUrl: 'http://cubby-dataplane.cubby-system.svc',
    resyncSeconds: 2,
  }),
  'test',
);

/** Starts an operator that sees one namespace, through a proxy of its own, and leads at once. */
export async function startMortal(options: MortalOptions): Promise<Mortal> {
  const { kubeconfig, namespace, script = () => pass, streams = {}, plant = (client) => client } = options;
  const died = Promise.withResolvers<void>();
  const redis = createMortalRedis();
  let operator: Operator | undefined;
  const proxy = await startProxy(kubeconfig, {
    namespace,
    script,
    streams,
    onDeath() {
      redis.die();
      died.resolve();
    },
  });
  const release = options.isHeld ? proxy.hold() : () => {};
  const client = connect({ kubeconfig: proxy.kubeconfig, userAgent: 'chaos', timeoutMs: 5_000 });
  const failures: unknown[] = [];
  operator = startOperator({
    client: plant(client),
    config,
    masterKeys: Promise.resolve({ current: masterKey }),
    connectRedis: redis.connect,
    events: createEventRecorder({ client, component: 'cubby-operator' }),
    onRun: (_controller, { error }) => error !== undefined && failures.push(error),
    onWatchError: (_resource, error) => failures.push(error),
  });
  await operator.lead();
  return {
    proxy,
    release,
    died: died.promise,
    failures,
    async stop() {
      await operator.stop();
      client.close();
      redis.die();
      proxy.close();
    },
  };
}

/** Connections to Redis that all break when the operator ends, and come about no more. */
function createMortalRedis(): { connect: ConnectRedis; die(): void } {
  const sessions = new Set<RedisSession>();
  let dead = false;
  return {
    async connect(address) {
      if (dead) throw new Error('the operator has ended');
      const session = await connectRedis(address);
      if (dead) {
        session.close();
        throw new Error('the operator has ended');
      }
      sessions.add(session);
      const close = () => {
        sessions.delete(session);
        session.close();
      };
      // Members of a store know one another by the addresses of Services, behind which there is nobody here.
      const cluster: RedisSession['cluster'] = (...words) =>
        session.cluster(...words.map((word) => (typeof word === 'string' ? behindService(word) : word)));
      const members: Pick<RedisSession, 'configSet' | 'replicaOf' | 'sentinelPrimary'> = {
        configSet: (name, value) => session.configSet(name, behindService(value)),
        replicaOf: (host, port) => session.replicaOf(behindService(host), port),
        async sentinelPrimary() {
          const address = await session.sentinelPrimary();
          return address && serviceBefore(address);
        },
      };
      return { ...session, ...members, cluster, close };
    },
    die() {
      dead = true;
      for (const session of sessions) session.close();
    },
  };
}
