import { API_VERSION, type KVStore, type KVToken } from '../../contract/objects.ts';
import type { KubeClient } from '../../kube/client.ts';
import { startReflector } from '../../kube/reflector.ts';
import { resource } from '../../kube/resources.ts';
import type { StoreIndex } from './stores.ts';
import type { TokenIndex } from './tokens.ts';

/** The directory's link to the API server. */
export interface DirectoryWatch {
  /** True once both kinds have been listed; stays true while the API server is away and the last state serves. */
  synced(): boolean;
  /** Milliseconds since the API server was last heard, of the kind heard longest ago. */
  silentMs(): number;
  stop(): Promise<void>;
}

/** Keeps both indexes in step with the cluster until stopped. `onError` is told of each failure; it is retried. */
export function watchDirectory(
  client: Pick<KubeClient, 'list' | 'watch'>,
  indexes: { stores: StoreIndex; tokens: TokenIndex },
  onError: (error: unknown, retryInMs: number) => void,
): DirectoryWatch {
  const reflectors = [
    startReflector<KVStore>({
      client,
      resource: resource(API_VERSION, 'KVStore', 'kvstores'),
      onUpsert: indexes.stores.upsert,
      onDelete: indexes.stores.remove,
      transform: slimStore,
      onError,
    }),
    startReflector<KVToken>({
      client,
      resource: resource(API_VERSION, 'KVToken', 'kvtokens'),
      onUpsert: indexes.tokens.upsert,
      onDelete: indexes.tokens.remove,
      transform: slimToken,
      onError,
    }),
  ];
  return {
    synced: () => reflectors.every((reflector) => reflector.health().synced),
    silentMs: () => Math.max(...reflectors.map((reflector) => reflector.health().silentMs)),
    async stop() {
      await Promise.all(reflectors.map((reflector) => reflector.stop()));
    },
  };
}

/** Annotations and conditions are the larger part of an object, and nothing here reads any but whether it is ready. */
function slimStore(store: KVStore): KVStore {
  delete store.metadata.annotations;
  const { status } = store;
  if (status?.conditions) status.conditions = status.conditions.filter(({ type }) => type === 'Ready');
  return store;
}

function slimToken(token: KVToken): KVToken {
  delete token.metadata.annotations;
  delete token.status?.conditions;
  return token;
}
