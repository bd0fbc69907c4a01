import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ROTATE_ANNOTATION } from '../../../contract/labels.ts';
import type { KVStore, KVToken } from '../../../contract/objects.ts';
import { hashToken } from '../../../contract/token.ts';
import type { KubeClient } from '../../../kube/client.ts';
import { connect } from '../../../kube/config.ts';
import { KubeError } from '../../../kube/errors.ts';
import type { ApiObject, KubeObject, ObjectKey } from '../../../kube/object.ts';
import {
  configMaps,
  networkPolicies,
  type Resource,
  secrets,
  serviceAccounts,
  services,
  statefulSets,
} from '../../../kube/resources.ts';
import { parseConfig } from '../../../operator/config.ts';
import { type Operator, startOperator } from '../../../operator/operator.ts';
import { connectRedis } from '../../../operator/redis/session.ts';
import { watchAcceptance } from './acceptance.ts';
import {
  createNamespace,
  createStore,
  createToken,
  editStore,
  kvStores,
  kvTokens,
  masterKey,
  SYSTEM_NAMESPACE,
  startCluster,
  until,
} from './world.ts';

const { server, client: admin } = await startCluster();

/**
 * Where the operator dies: at its `at`-th write in the namespace, before that reached the server or after. One that
 * survives only loses the write or its reply.
 */
interface Death {
  namespace: string;
  at: number;
  when: 'before' | 'after';
  survives?: boolean;
}

/** A client that fails from its death on, as if the process had ended there. */
function mortal(client: KubeClient, death: Death, onDeath: () => void, count: { writes: number }): KubeClient {
  let dead = false;
  const end = (): never => {
    dead = !death.survives;
    if (dead) onDeath();
    throw new KubeError({ status: 0, reason: 'Unreachable', message: 'the operator is dead' });
  };
  return new Proxy(client, {
    get(target, name: keyof KubeClient) {
      if (!['create', 'replace', 'apply', 'patch', 'delete'].includes(name)) return target[name];
      return async (kind: Resource, subject: ApiObject | ObjectKey, ...rest: unknown[]) => {
        const { namespace } = 'metadata' in subject ? subject.metadata : subject;
        if (dead) end();
        const isLast = namespace === death.namespace && ++count.writes === death.at;
        if (isLast && death.when === 'before') end();
        const answer = await (target[name] as (...args: unknown[]) => unknown)(kind, subject, ...rest);
        if (isLast) end();
        return answer;
      };
    },
  });
}

const config = parseConfig(
  JSON.stringify({
    systemNamespace: SYSTEM_NAMESPACE,
    image: 'ghcr.io/cubby-dev/cubby:test',
    versions: { '8.0': 'docker.io/library/redis:8.0' },
    dataPlaneUrl: 'http://cubby-dataplane',
    resyncSeconds: 3600,
  }),
  'test',
);

/** Runs an operator that dies there, and then one that lives; answers how many writes the first one made in the namespace. */
async function live(death: Death, work: () => Promise<void>): Promise<number> {
  const count = { writes: 0 };
  const client = connect({ kubeconfig: server.kubeconfig, userAgent: 'test' });
  const died = Promise.withResolvers<void>();
  const start = (port: KubeClient): Operator =>
    startOperator({
      client: port,
      config,
      masterKeys: Promise.resolve({ current: masterKey }),
      connectRedis,
      events: { record: () => {} },
      onRun: () => {},
      onWatchError: () => {},
    });
  const running: Operator[] = [];
  const lead = async (port: KubeClient) => {
    const operator = start(port);
    running.push(operator);
    await operator.lead();
  };
  try {
    await lead(mortal(client, death, died.resolve, count));
    const working = work();
    await Promise.race([died.promise, working.then(() => isQuiet(death.namespace))]);
    await running.pop()?.stop();
    await lead(client);
    await working;
    await isQuiet(death.namespace);
  } finally {
    await Promise.all(running.map((operator) => operator.stop()));
    client.close();
  }
  return count.writes;
}

const kinds = [networkPolicies, serviceAccounts, configMaps, secrets, services, statefulSets];

/** Everything in a namespace that two runs must have in common: no times, no UIDs, no passwords, no tokens. */
async function stateOf(namespace: string): Promise<unknown> {
  const lists = await Promise.all(kinds.map((kind) => admin.list<KubeObject>(kind, { namespace })));
  const children = lists.flatMap(({ items }) =>
    items.map(({ kind, metadata, spec, data }) => ({
      kind,
      name: metadata.name,
      labels: metadata.labels,
      spec: kind === 'Service' ? { ...(spec as object), clusterIP: '', clusterIPs: [] } : spec,
      fields: Object.keys(data ?? {}),
    })),
  );
  const store = await admin.get<KVStore>(kvStores, { namespace, name: 'main' });
  const conditions = store?.status?.conditions?.map(({ type, status, reason }) => ({ type, status, reason }));
  const { nativeAccessSince, ...status } = store?.status ?? {};
  const opened = nativeAccessSince !== undefined;
  const text = JSON.stringify({ children, status: { ...status, conditions }, opened });
  return JSON.parse(
    text.replaceAll(namespace, '<namespace>').replaceAll(/"cubby.dev\/files-hash":"\w+"/g, '"cubby.dev/files-hash":""'),
  );
}

/** Waits until a namespace has not changed for a while, and its token can be used. */
async function isQuiet(namespace: string): Promise<void> {
  let before = '';
  await until(`${namespace} is quiet`, async () => {
    await new Promise((resolve) => setTimeout(resolve, 300));
    const now = JSON.stringify(await stateOf(namespace));
    const same = now === before;
    before = now;
    return same;
  });
}

/** Creates a store and a token, then changes the store. */
const life = (namespace: string) => async () => {
  await createStore({ client: admin }, namespace);
  await createToken({ client: admin }, namespace);
  await until('the StatefulSet', () => admin.get(statefulSets, { namespace, name: 'main-redis' }), 30_000);
  await editStore({ client: admin }, namespace, { memory: '64Mi', access: { redis: true } });
  await until('native access', () => admin.get(secrets, { namespace, name: 'main-redis-access' }), 30_000);
  await editStore({ client: admin }, namespace, { access: { redis: false }, enabled: false });
};

test('wherever the operator dies, the next one comes to the same state, and the token in the Secret is the accepted one', async () => {
  const undisturbed = await createNamespace(admin, 'undisturbed');
  const writes = await live({ namespace: undisturbed, at: Number.POSITIVE_INFINITY, when: 'after' }, life(undisturbed));
  const expected = await stateOf(undisturbed);
  assert.ok(writes >= 12, `${writes} writes`);
  for (let at = 1; at <= writes; at++) {
    for (const when of ['before', 'after'] as const) {
      const namespace = await createNamespace(admin, `dies-${when}-${at}`);
      await live({ namespace, at, when }, life(namespace));
      assert.deepEqual(await stateOf(namespace), expected, `died ${when} write ${at}`);
      const token = await admin.get<KVToken>(kvTokens, { namespace, name: 'web' });
      const secret = await admin.get<KubeObject & { data: Record<string, string> }>(secrets, {
        namespace,
        name: 'web',
      });
      const issued = Buffer.from(secret?.data.token ?? '', 'base64').toString();
      assert.deepEqual(token?.status?.hashes, [hashToken(issued)], `died ${when} write ${at}`);
    }
  }
});

/** Creates a token, and asks for another one; `issued` is told when the first one is accepted. */
const rotation = (namespace: string, issued: () => void) => async () => {
  const statusWhen = (holds: (status: NonNullable<KVToken['status']>) => unknown) =>
    until(
      `${namespace}/web is rotated`,
      async () => {
        const { status } = (await admin.get<KVToken>(kvTokens, { namespace, name: 'web' })) ?? {};
        return status && holds(status);
      },
      30_000,
    );
  await createToken({ client: admin }, namespace, { type: 'ApiKey' });
  await statusWhen(({ hashes }) => hashes?.length);
  issued();
  const annotations = { [ROTATE_ANNOTATION]: new Date().toISOString() };
  await admin.patch(kvTokens, { namespace, name: 'web' }, { metadata: { annotations } }, { type: 'merge' });
  await statusWhen(({ retiring }) => retiring?.length);
};

test('wherever a write of a rotation is lost, its reply, or the operator with it, the rotation ends and refuses no token', async () => {
  const undisturbed = await createNamespace(admin, 'rotates');
  const quiet = { namespace: undisturbed, at: Number.POSITIVE_INFINITY, when: 'after' } as const;
  const writes = await live(
    quiet,
    rotation(undisturbed, () => {}),
  );
  assert.equal(writes, 5, 'Secret, status; hash, Secret, status');
  for (let at = 3; at <= writes; at++) {
    for (const [when, survives] of [
      ['before', false],
      ['after', false],
      ['before', true],
      ['after', true],
    ] as const) {
      const namespace = await createNamespace(admin, `rotates-${when}-${survives ? 'survives' : 'dies'}-${at}`);
      let watch: ReturnType<typeof watchAcceptance> | undefined;
      const issued = () => {
        watch = watchAcceptance(admin, namespace);
      };
      await live({ namespace, at, when, survives }, rotation(namespace, issued));
      assert.ok(watch);
      const { looks, tokens } = await watch.end();
      assert.ok(looks > 100, `${looks} looks`);
      const { status } = (await admin.get<KVToken>(kvTokens, { namespace, name: 'web' })) ?? {};
      assert.deepEqual(status?.hashes, tokens.reverse(), `${when} write ${at}`);
      assert.equal(tokens.length, 2, `${when} write ${at}`);
    }
  }
});
