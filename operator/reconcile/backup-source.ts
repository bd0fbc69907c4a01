import { backupObject } from '../../contract/backup.ts';
import { aclPasswordHash, passwordsToTry } from '../../contract/credentials.ts';
import { childNames, REDIS_PORT } from '../../contract/names.ts';
import type { KVBackup, KVStore } from '../../contract/objects.ts';
import { loadedUsers } from '../resources/acl.ts';
import type { BackupLocation } from '../resources/backup-place.ts';
import type { BackupEndReason, BackupWaitReason } from '../status/backup-status.ts';
import type { Finding } from '../status/finding.ts';
import { paused } from '../status/paused.ts';
import { isRunning } from '../status/pod.ts';
import { leaveTurn, takeTurn } from './backup-access.ts';
import type { Context } from './context.ts';
import type { Pod } from './kinds.ts';

/** What a backup is to be made of, and where it goes. */
export interface BackupPlan {
  store: KVStore;
  location: BackupLocation;
}

/** A backup cannot begin yet. */
export interface Wait extends Finding<BackupWaitReason> {
  againInMs: number;
}

/** How soon to look again, in ms: while another has its turn or a store comes up, and while Redis takes the user. */
const LOOK_MS = 5_000;
const SOON_MS = 500;

const wait = (reason: BackupWaitReason, message: string, againInMs = LOOK_MS): { wait: Wait } => ({
  wait: { reason, message, againInMs },
});
const end = (reason: BackupEndReason, message: string): { end: Finding<BackupEndReason> } => ({
  end: { reason, message },
});

/** What a backup is made of, why it must wait, or why it cannot be made; `isFinal` of one that a deletion waits for. */
export function planBackup(
  { spec, metadata, status }: KVBackup,
  store: KVStore | undefined,
  isFinal: boolean,
): { plan: BackupPlan } | { wait: Wait } | { end: Finding<BackupEndReason> } {
  const { name } = spec.storeRef;
  const hasBegun = status?.source?.uid !== undefined;
  if (!store) {
    const message = `there is no KVStore ${name} in the namespace ${metadata.namespace}`;
    return hasBegun ? end('StoreReplaced', `${message} any more`) : wait('StoreNotFound', `${message}; create it`);
  }
  if (hasBegun && status.source?.uid !== store.metadata.uid)
    return end(
      'StoreReplaced',
      `the KVStore ${name} is another one than when this backup began; create another KVBackup`,
    );
  if (store.spec.shards !== undefined)
    return end('TopologyNotSupported', 'stores with spec.shards cannot be backed up; copy the data by another way');
  const location = locationOf({ spec, metadata, status } as KVBackup, store);
  if (!location)
    return wait(
      'TargetMissing',
      `nothing says where to; set spec.backup of the KVStore ${name}, or create a KVBackup with spec.target`,
    );
  if (!store.spec.enabled && !isFinal)
    return wait(
      'StoreHibernated',
      'the store is hibernated, so its data does not change; spec.enabled: true wakes it, and the backup begins then',
    );
  if (paused(store) && !store.metadata.deletionTimestamp)
    return wait(
      'StoreNotReady',
      'reconciliation of the store is paused by annotation; the backup begins when it goes on',
    );
  return { plan: { store, location } };
}

/** Where the backup goes: fixed when it begins, whatever becomes of the store's spec.backup. */
function locationOf(backup: KVBackup, store: KVStore): BackupLocation | undefined {
  const { spec, status } = backup;
  if (status?.location) return status.location as unknown as BackupLocation;
  const target = spec.target ?? store.spec.backup?.target;
  if (!target) return undefined;
  const encryption = spec.encryption ?? (spec.target ? undefined : store.spec.backup?.encryption);
  const { namespace, name, uid } = backup.metadata;
  const object = backupObject(target, { namespace, store: spec.storeRef.name, backup: name, uid });
  return { object, target, ...(encryption && { encryption }) };
}

/** Where the Redis is that may be read now. */
export interface Opened {
  host: string;
  /** Name of the Secret with the password. */
  secret: string;
}

/** Takes the store's turn and waits until its Redis lets the backup's pod in. */
export async function openSource(
  context: Context,
  backup: KVBackup,
  store: KVStore,
  signal: AbortSignal,
): Promise<{ opened: Opened } | { wait: Wait }> {
  const host = primaryPod(context, store)?.status?.podIP;
  if (host === undefined) {
    await leaveTurn(context, backup, signal);
    return wait('StoreNotReady', 'the Redis of the store does not run; the backup begins when it does');
  }
  const turn = await takeTurn(context, backup, signal);
  if (turn !== 'soon' && 'holder' in turn) return wait('OtherBackupRuns', `waiting for ${turn.holder}`);
  const message = 'the Redis of the store is about to take the user of the backup';
  if (turn === 'soon') return wait('StoreNotReady', message, SOON_MS);
  const why = await prepareRedis(context, store, host, turn.password);
  if (why !== undefined) return wait('StoreNotReady', `${message}${why && `: ${why}`}`, why ? LOOK_MS : SOON_MS);
  return { opened: { host, secret: childNames(store.metadata.name).backupSecret } };
}

/** The pod whose Redis takes writes; undefined where none runs. */
function primaryPod({ caches }: Pick<Context, 'caches'>, { metadata, status }: KVStore): Pod | undefined {
  const primary = status?.members?.find(({ role }) => role === 'Primary')?.name ?? childNames(metadata.name).pod;
  const pod = caches.pods.get({ namespace: metadata.namespace, name: primary });
  return pod && isRunning(pod) && !pod.metadata.deletionTimestamp ? pod : undefined;
}

/** A snapshot goes from Redis' fork over the socket, at once, and not by a file on the store's volume. */
const DISKLESS = { 'repl-diskless-sync': 'yes', 'repl-diskless-sync-delay': '0' };

/** Undefined where Redis is ready to be read; else why not, or nothing where it will be soon. */
async function prepareRedis(
  context: Pick<Context, 'connectRedis' | 'masterKeys'>,
  { metadata, status }: KVStore,
  host: string,
  password: string,
): Promise<string | undefined> {
  const passwords = passwordsToTry(context.masterKeys(), metadata.uid, status?.credentialGeneration ?? 1, 'operator');
  let session: Awaited<ReturnType<Context['connectRedis']>> | undefined;
  try {
    session = await context.connectRedis({ host, port: REDIS_PORT, password: passwords });
    const accepted = loadedUsers(await session.aclList()).passwords.get('backup');
    if (!accepted?.includes(`#${aclPasswordHash(password)}`)) return '';
    const config = await session.configGet(Object.keys(DISKLESS));
    for (const [name, value] of Object.entries(DISKLESS))
      if (config[name] !== value) await session.configSet(name, value);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    session?.close();
  }
}
