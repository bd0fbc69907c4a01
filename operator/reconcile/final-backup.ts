import { isDeepStrictEqual } from 'node:util';
import { FINAL_LABEL } from '../../contract/labels.ts';
import { API_VERSION, type KVBackup, type KVStore } from '../../contract/objects.ts';
import { isAlreadyExists, isForbidden, isInvalid, isNamespaceEnding } from '../../kube/errors.ts';
import { type KubeObject, keyOf } from '../../kube/object.ts';
import { persistentVolumeClaims } from '../../kube/resources.ts';
import type { Findings } from '../status/store-facts.ts';
import { maintainClaim } from './claim.ts';
import { type Context, FIELD_MANAGER } from './context.ts';
import { kvBackups, kvStores, type VolumeClaim } from './kinds.ts';
import type { Observed } from './observe.ts';
import { readRecord } from './restore-record.ts';

/** Holds a KVStore of deletionPolicy Backup until its last backup is stored and verified. */
const FINALIZER = 'cubby.dev/final-backup';

/** Whether that finalizer is on the store. */
export function holdsFinalizer({ metadata }: Pick<KVStore, 'metadata'>): boolean {
  return metadata.finalizers?.includes(FINALIZER) ?? false;
}

/** Puts the finalizer on a store that is to be backed up before it goes, and takes it off others; whether it had to. */
export async function keepFinalBackup(
  context: Pick<Context, 'client'>,
  store: KVStore,
  signal: AbortSignal,
): Promise<boolean> {
  const wanted = store.spec.deletionPolicy === 'Backup';
  if (holdsFinalizer(store) === wanted) return false;
  await setFinalizer(context, store, wanted, signal);
  return true;
}

/** The store as it is reconciled while it is being deleted: what is to be backed up has to run, and is not replaced any more. */
export function whileEnding(store: KVStore): KVStore {
  if (store.spec.deletionPolicy !== 'Backup') return store;
  const { restoreFrom: _, ...spec } = store.spec;
  return { ...store, spec: { ...spec, enabled: true } };
}

/** What a deletion waits for; undefined where the store was let go. */
export type Ending = Pick<Findings, 'steps' | 'troubles'>;

/**
 * Brings the last backup of a store that is being deleted on, and lets the store go when that is verified, or where the
 * policy asks for none any more. The volumes stay until then: they become the store's, and so go with it, last.
 */
export async function endStore(context: Context, observed: Observed, signal: AbortSignal): Promise<Ending | undefined> {
  const { store, statefulSet, members } = observed;
  // What was to begin with a backup and has not is no data of its own, and its volume is of no use to anybody.
  if (store.spec.deletionPolicy === 'Backup' && (await neverBegan(context, observed, signal)))
    return letGo(context, observed, { ...store, spec: { ...store.spec, deletionPolicy: 'Delete' } }, signal);
  const hasData = statefulSet !== undefined || members.some(({ claim }) => claim !== undefined);
  if (store.spec.deletionPolicy !== 'Backup' || !hasData) return letGo(context, observed, store, signal);
  // The garbage collector takes Redis away before the store, and makes it impossible.
  if (store.metadata.finalizers?.includes('foregroundDeletion'))
    return leaveOut(context, observed, 'it is deleted with --cascade=foreground, which ends Redis first', signal);
  const backup = context.caches.backups.get({ namespace: store.metadata.namespace, name: finalName(store) });
  if (!backup || backup.metadata.deletionTimestamp) {
    const refusal = backup ? undefined : await makeFinal(context, store, signal);
    if (refusal === 'NamespaceEnding') return leaveOut(context, observed, 'its namespace is being deleted', signal);
    return refusal === undefined ? waiting(store, 'it is being begun') : failing(store, refusal);
  }
  const { uid } = store.metadata;
  if (backup.metadata.labels?.[FINAL_LABEL] !== uid)
    return failing(store, `the KVBackup ${backup.metadata.name} is not this store's; delete it`);
  const condition = (name: string) => backup.status?.conditions?.find(({ type }) => type === name);
  const [complete, verified] = [condition('Complete'), condition('Verified')];
  if (verified?.status === 'True' && backup.status?.source?.uid === uid) {
    context.events.record(
      store,
      'Normal',
      'LastBackupStored',
      `the KVBackup ${backup.metadata.name} is stored and verified`,
    );
    return letGo(context, observed, { ...store, spec: { ...store.spec, deletionPolicy: 'Delete' } }, signal);
  }
  const hasFailed = backup.status?.phase === 'Failed' || verified?.status === 'False';
  if (!hasFailed) return waiting(store, verified?.message ?? complete?.message ?? 'it is being begun');
  if (isToBeRepeated(backup, store, context.now())) await removeFinal(context, backup, signal);
  return failing(store, (verified ?? complete)?.message ?? 'it failed');
}

/**
 * Whether the store was to begin with a backup, and no Redis has been started with it yet: one that was may have taken
 * writes. The cache may be behind what was noted last.
 */
async function neverBegan(
  { client }: Pick<Context, 'client'>,
  { members }: Pick<Observed, 'members'>,
  signal: AbortSignal,
): Promise<boolean> {
  const isNew = (claim: VolumeClaim | undefined) => {
    const { fresh, phase } = readRecord(claim) ?? {};
    return fresh === true && phase !== 'Loading';
  };
  const claim = members[0]?.claim;
  if (!claim || !isNew(claim)) return false;
  return isNew(await client.get<VolumeClaim>(persistentVolumeClaims, keyOf(claim), { signal }));
}

/** A last backup that failed is made anew after so many ms; at once where the store says another place by now. */
const REPEAT_MS = 10 * 60_000;

function isToBeRepeated({ metadata, spec }: KVBackup, store: KVStore, now: Date): boolean {
  const { target, encryption } = store.spec.backup ?? {};
  const isElsewhere = !isDeepStrictEqual([spec.target, spec.encryption], [target, encryption]);
  return isElsewhere || now.getTime() - Date.parse(metadata.creationTimestamp) > REPEAT_MS;
}

/** The name of the last backup of a store: another one for each store that ever had its name. */
function finalName({ metadata }: KVStore): string {
  return `${metadata.name.slice(0, 37)}-final-${metadata.uid.slice(0, 8)}`;
}

async function makeFinal(
  { client }: Pick<Context, 'client'>,
  store: KVStore,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { namespace, name, uid } = store.metadata;
  const { target, encryption } = store.spec.backup ?? {};
  const object = {
    apiVersion: API_VERSION,
    kind: 'KVBackup',
    metadata: { namespace, name: finalName(store), labels: { [FINAL_LABEL]: uid } },
    spec: { storeRef: { name }, target, ...(encryption && { encryption }), deletionPolicy: 'Retain' },
  };
  try {
    await client.create<KubeObject>(kvBackups, object, { fieldManager: FIELD_MANAGER, signal });
    return undefined;
  } catch (error) {
    if (isAlreadyExists(error)) return undefined; // the cache will show it
    if (isNamespaceEnding(error)) return 'NamespaceEnding';
    if (!isForbidden(error) && !isInvalid(error)) throw error;
    return `the API server refuses the KVBackup: ${error.message}`;
  }
}

async function removeFinal({ client }: Pick<Context, 'client'>, backup: KVBackup, signal: AbortSignal): Promise<void> {
  await client.delete(kvBackups, keyOf(backup), { preconditions: { uid: backup.metadata.uid }, signal });
}

const REMEDY = 'spec.deletionPolicy Retain or Delete ends the wait without it';

function waiting(store: KVStore, how: string): Ending {
  const message = `the deletion waits for the last backup, the KVBackup ${finalName(store)}: ${how}; ${REMEDY}`;
  return { steps: [{ reason: 'BackingUp', message }], troubles: [] };
}

function failing(store: KVStore, why: string): Ending {
  const message = `the last backup, the KVBackup ${finalName(store)}, failed, so the deletion waits: ${why}; correct spec.backup, or delete that KVBackup to have it made anew, or ${REMEDY}`;
  return { steps: [], troubles: [{ reason: 'LastBackupFailed', message }] };
}

/** Without a backup the volumes stay. */
async function leaveOut(context: Context, observed: Observed, why: string, signal: AbortSignal): Promise<undefined> {
  const message = `the store goes without a last backup, because ${why}; its volume claims are not deleted by that`;
  context.events.record(observed.store, 'Warning', 'LastBackupLeftOut', message);
  return letGo(context, observed, observed.store, signal);
}

/** `store` says what becomes of the volumes. */
async function letGo(
  context: Context,
  { members, store: { metadata } }: Observed,
  store: KVStore,
  signal: AbortSignal,
): Promise<undefined> {
  const unknown = { mode: undefined, version: undefined };
  for (const { claim } of members) await maintainClaim(context, { store, claim }, unknown, signal);
  await setFinalizer(context, { ...store, metadata }, false, signal);
}

function setFinalizer(
  { client }: Pick<Context, 'client'>,
  { metadata }: KVStore,
  wanted: boolean,
  signal: AbortSignal,
): Promise<unknown> {
  const others = (metadata.finalizers ?? []).filter((finalizer) => finalizer !== FINALIZER);
  const finalizers = wanted ? [...others, FINALIZER] : others;
  const options = {
    type: 'merge',
    resourceVersion: metadata.resourceVersion,
    fieldManager: FIELD_MANAGER,
    signal,
  } as const;
  return client.patch(
    kvStores,
    keyOf({ apiVersion: API_VERSION, kind: 'KVStore', metadata }),
    { metadata: { finalizers } },
    options,
  );
}
