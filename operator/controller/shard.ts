import type { KVBackup, KVBackupSchedule, KVStore, KVToken } from '../../contract/objects.ts';
import { isLedger } from '../../contract/projects.ts';
import { parseLabelSelector } from '../../kube/label-selector.ts';
import type { ObjectKey } from '../../kube/object.ts';

/** What of the configuration says which stores are this operator's. */
export interface ShardSettings {
  systemNamespace: string;
  /** The shard that this operator is; absent for the one that takes the rest, or all. */
  shard?: { name: string; selector: string } | undefined;
  /** Selectors of stores that are other operators', whatever `shard` says. */
  except: readonly string[];
}

/** What shards divide. */
export type Sharded = KVStore | KVToken | KVBackup | KVBackupSchedule;

/** Which part of the cluster's stores, and of what goes with them, this operator works on. */
export interface Shard {
  /** Whether this operator takes what no shard does: the ledger and the master key's rotation among it. */
  takesRest: boolean;
  isOurs(object: Sharded): boolean;
}

/**
 * The shard that the settings describe. What belongs to a store goes with it, so that one label moves all; without a store
 * it goes by its own labels. Throws an Error where a selector is none.
 */
export function createShard(
  { systemNamespace, shard, except }: ShardSettings,
  findStore: (key: ObjectKey) => KVStore | undefined,
): Shard {
  const takesRest = shard === undefined;
  const selected = shard ? parseLabelSelector(shard.selector) : () => true;
  const taken = except.map(parseLabelSelector);
  const matches = ({ metadata: { labels } }: Sharded) =>
    selected(labels) && !taken.some((matchesOther) => matchesOther(labels));
  const ownsStore = (store: KVStore) => (isLedger(store, systemNamespace) ? takesRest : matches(store));
  return {
    takesRest,
    isOurs(object) {
      if (object.kind === 'KVStore') return ownsStore(object);
      const { metadata, spec } = object;
      const store = spec.storeRef && findStore({ namespace: metadata.namespace, name: spec.storeRef.name });
      return store ? ownsStore(store) : matches(object);
    },
  };
}
