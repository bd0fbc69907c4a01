import { isDeepStrictEqual } from 'node:util';
import { STORE_LABEL, TOKEN_LABEL } from '../../contract/labels.ts';
import type { KVStore, KVToken } from '../../contract/objects.ts';
import { isLedger } from '../../contract/projects.ts';
import { type ApiObject, controllerOf, formatKey } from '../../kube/object.ts';
import type { Priority } from '../../kube/queue.ts';
import type { Change } from './caches.ts';

/** Which keys a change is of concern to. */
export interface Affected {
  stores: string[];
  tokens: string[];
}

/** What the triggers must look up. */
export interface Lookups {
  /** Stores that claim the same project, itself included while it exists. */
  claimants(store: KVStore): readonly KVStore[];
  /** Tokens for the store of that "namespace/name". */
  tokensOf(store: string): readonly KVToken[];
  /** Whether a store or a token is this operator's, by what it says now. */
  isOurs(object: KVStore | KVToken): boolean;
}

const keyText = ({ metadata: { namespace, name } }: ApiObject) => formatKey({ namespace, name });

/**
 * Whom a changed store concerns. A new or a gone one decides anew who holds its project, so all claimants and their
 * tokens look again; an update concerns the store alone, and none where only its status changed. One that comes over from
 * another shard brings its tokens.
 */
export function storeChanged(store: KVStore, change: Change<KVStore>, lookups: Lookups): Affected {
  const tokensOf = (key: string) => lookups.tokensOf(key).map(keyText);
  const own = keyText(store);
  if (change.type === 'updated') {
    if (comesOver(store, change.old, lookups)) return { stores: [own], tokens: tokensOf(own) };
    return { stores: isEdit(store, change.old) ? [own] : [], tokens: [] };
  }
  const stores = [...new Set([own, ...lookups.claimants(store).map(keyText)])];
  return { stores, tokens: stores.flatMap(tokensOf) };
}

/** Whether a change of a store is one of the ledger's, and not of its status alone. */
export function ledgerChanged(store: KVStore, change: Change<KVStore>, systemNamespace: string): boolean {
  return isLedger(store, systemNamespace) && (change.type !== 'updated' || isEdit(store, change.old));
}

/** Whom a changed token concerns: itself, also when it is gone, and not where only its status changed. */
export function tokenChanged(token: KVToken, change: Change<KVToken>, lookups: Pick<Lookups, 'isOurs'>): Affected {
  const concerned = change.type !== 'updated' || isEdit(token, change.old) || comesOver(token, change.old, lookups);
  return { stores: [], tokens: concerned ? [keyText(token)] : [] };
}

/** Whom a changed child concerns: its controller where that is ours, else what its labels name (pods and claims). */
export function childChanged(child: ApiObject): Affected {
  const { namespace, labels } = child.metadata;
  const controller = controllerOf(child);
  const store = controller?.kind === 'KVStore' ? controller.name : labels?.[STORE_LABEL];
  const token = controller?.kind === 'KVToken' ? controller.name : labels?.[TOKEN_LABEL];
  const keys = (name: string | undefined) => (name ? [formatKey({ namespace, name })] : []);
  return { stores: keys(store), tokens: keys(token) };
}

/**
 * How urgent a change of a store or a token is. To a new leader every object is new; those whose spec another leader has
 * seen to wait, so that an edit made meanwhile does not stand behind a thousand of them.
 */
export function urgency({ metadata, status }: KVStore | KVToken, change: Change<unknown>): Priority {
  return change.type === 'created' && status?.observedGeneration === metadata.generation ? 'resync' : 'edit';
}

/** Whether its labels alone make an object this operator's that was another's. */
function comesOver<T extends KVStore | KVToken>(now: T, old: T, { isOurs }: Pick<Lookups, 'isOurs'>): boolean {
  return isOurs(now) && !isOurs(old);
}

function isEdit({ metadata: now }: ApiObject, { metadata: old }: ApiObject): boolean {
  return (
    now.generation !== old.generation ||
    now.deletionTimestamp !== old.deletionTimestamp ||
    !isDeepStrictEqual(now.annotations, old.annotations)
  );
}
