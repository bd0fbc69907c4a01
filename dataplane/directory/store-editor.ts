import { API_VERSION, type KVStore } from '../../contract/objects.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { KubeObject } from '../../kube/object.ts';
import { resource } from '../../kube/resources.ts';
import { attempt, CALL, WRITE } from './edit.ts';

/** Reads and writes the KVStores of one namespace. Every method rejects with an EditError and with nothing else. */
export interface StoreEditor {
  readonly namespace: string;
  /** The store as the API server has it now. */
  get(name: string): Promise<KVStore | undefined>;
  /** Makes a store; `raced` where there is one of that name. */
  create(name: string, spec: Readonly<Record<string, unknown>>): Promise<KVStore>;
  /** Writes fields of the spec, null removing one; `raced` where the store is no longer as it was read. */
  patch(read: KVStore, spec: Readonly<Record<string, unknown>>): Promise<KVStore>;
  /** Writes annotations; `raced` where the store is no longer as it was read. */
  annotate(read: KVStore, annotations: Readonly<Record<string, string>>): Promise<KVStore>;
}

const kvStores = resource(API_VERSION, 'KVStore', 'kvstores');

/** An editor of the stores of `namespace`. */
export function createStoreEditor(
  client: Pick<KubeClient, 'get' | 'create' | 'patch'>,
  namespace: string,
): StoreEditor {
  return {
    namespace,
    get: (name) => attempt(() => client.get<KVStore>(kvStores, { namespace, name }, CALL), 'unavailable'),
    create(name, spec) {
      const object: KubeObject = { apiVersion: API_VERSION, kind: 'KVStore', metadata: { namespace, name }, spec };
      // Nothing is there to be not found but the namespace.
      return attempt(
        () => client.create(kvStores, object, WRITE) as Promise<unknown> as Promise<KVStore>,
        'unavailable',
      );
    },
    patch: (read, spec) => write(read, { spec }),
    annotate: (read, annotations) => write(read, { metadata: { annotations } }),
  };

  function write({ metadata: { name, resourceVersion } }: KVStore, body: object): Promise<KVStore> {
    const options = { ...WRITE, type: 'merge', resourceVersion } as const;
    return attempt(() => client.patch<KVStore>(kvStores, { namespace, name }, body, options), 'raced');
  }
}
