import { type ClusterAccess, condition, eventually, type Manifest } from './cluster.ts';
import { store, token } from './tenant.ts';

const NO_IMAGE = 'registry.invalid/redis:none';

/** A store in each state that a store may be in when its namespace is deleted, by name, and what tells that it is in it. */
// biome-ignore lint/suspicious/noExplicitAny: fields of objects
const STATES: Record<string, { spec?: object; change?: object; annotate?: string; reached: (store: any) => boolean }> =
  {
    kept: { reached: (store) => is(store, 'Ready', 'Serving') },
    discarded: { spec: { deletionPolicy: 'Delete' }, reached: (store) => is(store, 'Ready', 'Serving') },
    memory: { spec: { persistence: { mode: 'none' } }, reached: (store) => is(store, 'Ready', 'Serving') },
    hibernated: { spec: { enabled: false }, reached: (store) => is(store, 'Ready', 'Hibernated') },
    broken: { spec: { image: NO_IMAGE }, reached: (store) => is(store, 'Degraded', 'ImageUnavailable') },
    checked: { change: { image: NO_IMAGE }, reached: (store) => is(store, 'Progressing', 'Checking') },
    paused: { annotate: 'cubby.dev/paused=true', reached: (store) => is(store, 'Paused', 'ByAnnotation') },
  };

function is(store: unknown, type: string, reason: string): boolean {
  return condition(store, type)?.reason === reason;
}

/** Makes a namespace with a store in every state, each with a token, and waits until they are in it. */
export async function createCrowd(cluster: ClusterAccess, namespace: string): Promise<void> {
  await cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  const names = Object.keys(STATES);
  const tokens: Manifest[] = names.map((name) => token(namespace, { storeRef: { name } }, name));
  await cluster.apply(...names.map((name) => store(namespace, { ...STATES[name]?.spec }, name)), ...tokens);
  await Promise.all(
    Object.entries(STATES).map(async ([name, { change, annotate, reached }]) => {
      const see = (what: string, check: (store: unknown) => boolean) =>
        eventually(`${name} ${what}`, 240, async () => {
          return check(await cluster.read('kvstore', namespace, name)) || undefined;
        });
      if (change || annotate) await see('serves', (store) => is(store, 'Ready', 'Serving'));
      if (annotate) await cluster.kubectl('annotate', 'kvstore', name, '-n', namespace, annotate);
      if (change) await cluster.apply(store(namespace, { ...change }, name));
      await see('is as it should be', reached);
    }),
  );
}

/** Deletes the namespace and resolves with the seconds that it took to be gone; rejects after a minute and a half. */
export async function removeNamespace({ kubectl, read }: ClusterAccess, namespace: string): Promise<number> {
  const start = performance.now();
  await kubectl('delete', 'namespace', namespace, '--wait=false');
  await eventually(`the end of namespace ${namespace}`, 90, async () => {
    return (await read('namespace', 'default', namespace)) === undefined || undefined;
  });
  return (performance.now() - start) / 1000;
}
