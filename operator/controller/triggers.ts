import { isDeepStrictEqual } from 'node:util';
import { FINAL_LABEL, SCHEDULE_LABEL, STORE_LABEL, TOKEN_LABEL } from '../../contract/labels.ts';
import type { KVBackup, KVBackupSchedule, KVStore, KVToken } from '../../contract/objects.ts';
import { isLedger } from '../../contract/projects.ts';
import { type ApiObject, controllerOf, formatKey } from '../../kube/object.ts';
import type { Priority } from '../../kube/queue.ts';
import type { Change } from './caches.ts';
import type { Sharded } from './shard.ts';

/** Which keys a change is of concern to. */
export interface Affected {
  stores: string[];
  tokens: string[];
  backups?: string[];
  schedules?: string[];
}

/** What the triggers must look up. */
export interface Lookups {
  /** Stores that claim the same project, itself included while it exists. */
  claimants(store: KVStore): readonly KVStore[];
  /** Tokens for the store of that "namespace/name". */
  tokensOf(store: string): readonly KVToken[];
  /** Backups that are not over, and schedules, of the store of that "namespace/name". */
  backupsOf(store: string): readonly KVBackup[];
  schedulesOf(store: string): readonly KVBackupSchedule[];
  /** Whether an object is this operator's, by what it says now. */
  isOurs(object: Sharded): boolean;
}

const keyText = ({ metadata: { namespace, name } }: ApiObject) => formatKey({ namespace, name });

/**
 * Whom a changed store concerns. A new or a gone one decides anew who holds its project, so all claimants and their
 * tokens look again; an update concerns the store alone and what backs it up, and none where only its status changed. One
 * that comes over from another shard brings its tokens.
 */
export function storeChanged(store: KVStore, change: Change<KVStore>, lookups: Lookups): Affected {
  const tokensOf = (key: string) => lookups.tokensOf(key).map(keyText);
  const own = keyText(store);
  const backup = { backups: lookups.backupsOf(own).map(keyText), schedules: lookups.schedulesOf(own).map(keyText) };
  if (change.type === 'updated') {
    if (comesOver(store, change.old, lookups)) return { stores: [own], tokens: tokensOf(own), ...backup };
    return isEdit(store, change.old) ? { stores: [own], tokens: [], ...backup } : { stores: [], tokens: [] };
  }
  const stores = [...new Set([own, ...lookups.claimants(store).map(keyText)])];
  return { stores, tokens: stores.flatMap(tokensOf), ...backup };
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

/**
 * Whom a changed backup concerns: itself, but for its status; the schedule that made it, as it begins and ends; and the
 * store whose deletion waits for it.
 */
export function backupChanged(backup: KVBackup, change: Change<KVBackup>, lookups: Pick<Lookups, 'isOurs'>): Affected {
  const old = change.type === 'updated' ? change.old : undefined;
  const { namespace, labels } = backup.metadata;
  const schedule = labels?.[SCHEDULE_LABEL];
  const turned = !old || old.status?.phase !== backup.status?.phase || isEdit(backup, old);
  const isTold = labels?.[FINAL_LABEL] !== undefined && !(old && isDeepStrictEqual(old.status, backup.status));
  return {
    stores: isTold ? [formatKey({ namespace, name: backup.spec.storeRef.name })] : [],
    tokens: [],
    backups: !old || isEdit(backup, old) || comesOver(backup, old, lookups) ? [keyText(backup)] : [],
    schedules: schedule !== undefined && turned ? [formatKey({ namespace, name: schedule })] : [],
  };
}

/** Whom a changed schedule concerns: itself, but for its status. */
export function scheduleChanged(
  schedule: KVBackupSchedule,
  change: Change<KVBackupSchedule>,
  lookups: Pick<Lookups, 'isOurs'>,
): Affected {
  const concerned =
    change.type !== 'updated' || isEdit(schedule, change.old) || comesOver(schedule, change.old, lookups);
  return { stores: [], tokens: [], schedules: concerned ? [keyText(schedule)] : [] };
}

/**
 * Whom a changed child concerns: its controller where that is ours, else what its labels name (pods and claims). With the
 * Secret of a backup its Redis user comes and goes.
 */
export function childChanged(child: ApiObject): Affected {
  const { namespace, labels } = child.metadata;
  const controller = controllerOf(child);
  const isBackups = controller?.kind === 'KVBackup';
  const labelled = isBackups && child.kind !== 'Secret' ? undefined : labels?.[STORE_LABEL];
  const store = controller?.kind === 'KVStore' ? controller.name : labelled;
  const token = controller?.kind === 'KVToken' ? controller.name : labels?.[TOKEN_LABEL];
  const keys = (name: string | undefined) => (name ? [formatKey({ namespace, name })] : []);
  return { stores: keys(store), tokens: keys(token), ...(isBackups && { backups: keys(controller.name) }) };
}

/**
 * How urgent a change of an object is. To a new leader every object is new; those whose spec another leader has
 * seen to wait, so that an edit made meanwhile does not stand behind a thousand of them.
 */
export function urgency({ metadata, status }: Sharded, change: Change<unknown>): Priority {
  return change.type === 'created' && status?.observedGeneration === metadata.generation ? 'resync' : 'edit';
}

/** Whether its labels alone make an object this operator's that was another's. */
function comesOver<T extends Sharded>(now: T, old: T, { isOurs }: Pick<Lookups, 'isOurs'>): boolean {
  return isOurs(now) && !isOurs(old);
}

function isEdit({ metadata: now }: ApiObject, { metadata: old }: ApiObject): boolean {
  return (
    now.generation !== old.generation ||
    now.deletionTimestamp !== old.deletionTimestamp ||
    !isDeepStrictEqual(now.annotations, old.annotations)
  );
}
