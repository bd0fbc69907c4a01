import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { KubeClient } from '../../kube/client.ts';
import { makeStore, removeStore } from './acts.ts';
import type { Arena } from './arena.ts';
import { isWork } from './fate.ts';
import { type Plant, startMortal } from './mortal.ts';
import type { ApiRequest } from './request.ts';
import { is, type Scene, setScene } from './scene.ts';
import { stateOf } from './state.ts';
import { comesTo, Divergence } from './trial.ts';

/** A past that an operator takes for the present, and what has happened since. */
export interface Past {
  name: string;
  about: string;
  before: (scene: Scene) => Promise<void>;
  since: (scene: Scene) => Promise<void>;
}

export const pasts: readonly Past[] = [
  {
    name: 'hibernated',
    about: 'the store was hibernated, and runs',
    async before(scene) {
      await makeStore(scene);
      await scene.edit({ enabled: false });
      await scene.when('is hibernated', ({ phase }) => phase === 'Hibernated');
      await scene.until('the pod is gone', async () => !(await scene.pod()));
    },
    async since(scene) {
      await scene.edit({ enabled: true });
      await scene.ready();
    },
  },
  {
    name: 'older',
    about: 'the store had Redis 7.0, and runs 8.0',
    before: (scene) => makeStore(scene, { version: '7.0' }),
    async since(scene) {
      await scene.edit({ version: '8.0' });
      await scene.when('runs 8.0', (status) => status.version?.startsWith('8.0') && is(status, 'Ready', 'True'));
      await scene.ready();
    },
  },
  {
    name: 'another',
    about: 'the store was deleted, and another of its name was made',
    before: (scene) => makeStore(scene, { version: '7.0', deletionPolicy: 'Delete' }),
    async since(scene) {
      await removeStore(scene);
      await scene.create();
      await scene.ready();
    },
  },
];

/** Which lists are of the past; the others tell of the present, as from another API server. */
export const lags = {
  all: () => true,
  stores: ({ resource }: ApiRequest) => resource === 'kvstores',
  children: ({ resource }: ApiRequest) => resource !== 'kvstores',
} as const;

export type Lag = keyof typeof lags;

/** A bug that `believe` must catch: what an operator asks of a store anew is answered by what it was told before. */
export const trusting =
  (lists: ReadonlyMap<string, string>): Plant =>
  (client) => ({
    ...client,
    get: ((kind, key, options) => {
      const [past] = kind.kind === 'KVStore' ? JSON.parse(lists.get(kind.plural) ?? '{"items":[]}').items : [];
      return past ? Promise.resolve(past) : client.get(kind, key, options);
    }) as KubeClient['get'],
  });

/** How long the operator believes the past, in ms: a few reconciles. */
const BELIEF_MS = 4_000;

/**
 * Starts an operator that is told the past by its lists, hears of nothing new for a while, and then catches up. Rejects
 * with a `Divergence` where a Redis was stopped for it, or the present is not what it was in the end.
 */
export async function believe(
  arena: Arena,
  { name, before, since }: Past,
  lag: Lag,
  plant?: (lists: ReadonlyMap<string, string>) => Plant,
): Promise<{ writes: number }> {
  const namespace = await arena.enter(`past-${name}-${lag}`);
  const scene = setScene(arena.client, namespace);
  const at = { kubeconfig: arena.kubeconfig, namespace };
  const lists = new Map<string, string>();
  const present = await startMortal(at);
  try {
    await before(scene);
    const remember = ({ resource }: ApiRequest, body: string) => {
      lists.set(resource, body);
      return body;
    };
    const witness = await startMortal({ ...at, streams: { onList: remember } });
    await witness.stop();
    await since(scene);
    await sleep(1_000);
  } finally {
    await present.stop();
  }
  const [state, starts] = [await stateOf(scene), arena.starts(namespace)];
  const onList = (request: ApiRequest, body: string) =>
    (lags[lag](request) ? lists.get(request.resource) : undefined) ?? body;
  const late = await startMortal({ ...at, isHeld: true, streams: { onList }, plant: plant?.(lists) });
  try {
    await sleep(BELIEF_MS);
    if (!isDeepStrictEqual(readRunning(await stateOf(scene)), readRunning(state)))
      throw new Divergence(`${namespace}: what runs was changed on what had been`);
    late.release();
    await comesTo(scene, [late], { expected: state });
    const writes = late.proxy.exchanges.filter(({ request }) => request && isWork(request));
    if (arena.starts(namespace) !== starts) {
      const lines = writes.map(({ line, status }) => `${line.split('?')[0]} ${status}`);
      throw new Divergence(`${namespace}: Redis was restarted on what had been: ${lines.join(', ')}`);
    }
    return { writes: writes.length };
  } finally {
    await late.stop();
    await arena.leave(namespace);
  }
}

/** What of a state runs. */
function readRunning(state: unknown): unknown {
  const { redis, held } = state as { redis: unknown; held: unknown };
  return { redis, held };
}
