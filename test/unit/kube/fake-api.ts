import type { KubeClient, ListOptions, ObjectList, WatchEvent, WatchOptions } from '../../../kube/client.ts';
import type { KubeObject } from '../../../kube/object.ts';

/** A watch that a reflector has open; the test plays the server. */
export interface OpenWatch {
  options: WatchOptions;
  send(type: WatchEvent['type'], name: string, resourceVersion: string, uid?: string): void;
  end(): void;
  fail(error: unknown): void;
}

export function configMap(name: string, resourceVersion: string, uid = `uid-${name}`): KubeObject {
  const metadata = { name, namespace: 'ns', resourceVersion, uid, managedFields: [{ manager: 'm' }] };
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata };
}

/** The two calls of a reflector, answered by the test: lists by `onList`, watches by hand. */
export function createFakeApi(onList: (options: ListOptions) => ObjectList | Error) {
  const lists: ListOptions[] = [];
  const watches: OpenWatch[] = [];
  const client: Pick<KubeClient, 'list' | 'watch'> = {
    async list(_, options = {}) {
      lists.push(options);
      const answer = onList(options);
      if (answer instanceof Error) throw answer;
      return structuredClone(answer) as never;
    },
    async *watch(_, options) {
      const queued: ({ event: WatchEvent } | { error: unknown } | 'end')[] = [];
      let wake = () => {};
      const push = (item: (typeof queued)[number]) => {
        queued.push(item);
        wake();
      };
      watches.push({
        options,
        send: (type, name, resourceVersion, uid) =>
          push({ event: { type, object: configMap(name, resourceVersion, uid) } }),
        end: () => push('end'),
        fail: (error) => push({ error }),
      });
      options.signal.addEventListener('abort', () => push({ error: options.signal.reason }));
      for (;;) {
        const item = queued.shift();
        if (item === 'end') return;
        if (item && 'error' in item) throw item.error;
        if (item) yield item.event as never;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    },
  };
  return { client, lists, watches };
}
