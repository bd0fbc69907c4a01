import { API_VERSION, type Condition, type KVStore, type KVToken } from '../../contract/objects.ts';
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

/** Annotations and what else nothing here reads are the larger part of an object. */
function slimStore(store: KVStore): KVStore {
  delete store.metadata.annotations;
  if (store.status?.conditions) store.status.conditions = store.status.conditions.map(slimCondition);
  return store;
}

function slimToken(token: KVToken): KVToken {
  delete token.metadata.annotations;
  if (token.status?.conditions) token.status.conditions = token.status.conditions.map(slimCondition);
  return token;
}

/** Most conditions of most objects say the same, so that their texts are kept once. */
function slimCondition({ type, status, reason, message, lastTransitionTime }: Condition): Condition {
  return { type: once(type), status, reason: once(reason), message: once(message), lastTransitionTime };
}

const texts = new Map<string, string>();
const MOST_TEXTS = 1024;

/** The same text, which is in memory one time however often it comes. */
function once(text: string): string {
  const known = texts.get(text);
  if (known !== undefined) return known;
  if (texts.size === MOST_TEXTS) texts.clear();
  texts.set(text, text);
  return text;
}
