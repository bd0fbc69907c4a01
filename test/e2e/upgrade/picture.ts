import type { ClusterAccess } from '../cluster.ts';

const CHILDREN = 'statefulset,service,configmap,secret,networkpolicy,serviceaccount,pod,persistentvolumeclaim';

/** What there is, each thing as a line of text by its name. */
export type Picture = Record<string, string>;

/**
 * Every object that the operator made, in all namespaces: what it is called, which object of that name it is, and of a
 * pod which containers run in it. Equal pictures mean that nothing was made, removed, made anew or restarted.
 */
export async function pictureObjects({ kubectl }: ClusterAccess): Promise<Picture> {
  const selector = 'app.kubernetes.io/managed-by=cubby';
  const { items } = JSON.parse(await kubectl('get', CHILDREN, '-A', '-l', selector, '-o', 'json'));
  return Object.fromEntries(
    // biome-ignore lint/suspicious/noExplicitAny: objects of many kinds
    items.map(({ kind, metadata: { namespace, name, uid }, status }: any) => {
      const containers = kind === 'Pod' ? status.containerStatuses : [];
      const running = containers.map((c: { containerID: string; restartCount: number }) => [
        c.containerID,
        c.restartCount,
      ]);
      return [`${kind} ${namespace}/${name}`, [uid, ...running].join(' ')];
    }),
  );
}

/** The lines in which two pictures differ, `-` before and `+` after. */
export function differences(before: Picture, after: Picture): string[] {
  const names = Object.keys({ ...before, ...after }).filter((name) => before[name] !== after[name]);
  return names.flatMap((name) => [`- ${name}: ${before[name]}`, `+ ${name}: ${after[name]}`]);
}

/** What the status of every store and token says, without times and messages. */
export async function pictureStatus({ kubectl }: ClusterAccess): Promise<Picture> {
  const { items } = JSON.parse(await kubectl('get', 'kvstore,kvtoken', '-A', '-o', 'json'));
  return Object.fromEntries(
    // biome-ignore lint/suspicious/noExplicitAny: objects of two kinds
    items.map(({ kind, metadata: { namespace, name }, status }: any) => {
      const conditions = status.conditions.map((c: Record<string, string>) => `${c.type}=${c.status} ${c.reason}`);
      const { phase = '', version = '', image = '', hashes = [] } = status;
      return [`${kind} ${namespace}/${name}`, [phase, version, image, ...hashes, ...conditions.sort()].join(', ')];
    }),
  );
}
