import type { KVBackup, KVBackupSchedule, KVStore } from '../../contract/objects.ts';
import type { KubeClient } from '../../kube/client.ts';
import { kvBackupSchedules, kvBackups } from '../access/kinds.ts';
import { isCurrent } from '../output/conditions.ts';
import { ageOf, formatAge } from '../output/words.ts';

/** How a store stands with its backups: the newest complete one, whether a later one failed, and when the next begins. */
export interface BackupState {
  last: { name: string; completedAt: string } | null;
  /** Name of the newest one that failed after that. */
  failed: string | null;
  /** RFC 3339; null where no schedule makes any. */
  nextAt: string | null;
}

/** How the store stands with its backups; undefined where it has none, or they may not be seen. */
export async function readBackups(
  client: KubeClient,
  { metadata: { namespace, name } }: KVStore,
): Promise<BackupState | undefined> {
  const isOf = ({ spec }: KVBackup | KVBackupSchedule) => spec.storeRef.name === name;
  // Whoever may see a store may lack the right to see these, or have a Cubby that does not know them.
  const found = await Promise.all([
    client.list<KVBackup>(kvBackups, { namespace }),
    client.list<KVBackupSchedule>(kvBackupSchedules, { namespace }),
  ]).catch(() => undefined);
  return found && backupState(found[0].items.filter(isOf), found[1].items.filter(isOf));
}

/** That of a store by all of its backups and schedules; undefined where it has none of either. */
export function backupState(
  backups: readonly KVBackup[],
  schedules: readonly KVBackupSchedule[],
): BackupState | undefined {
  if (backups.length === 0 && schedules.length === 0) return undefined;
  const complete = backups.filter(
    ({ metadata, status }) => status?.phase === 'Completed' && !metadata.deletionTimestamp,
  );
  const last = complete.reduce<KVBackup | undefined>((a, b) => (a && doneAt(a) >= doneAt(b) ? a : b), undefined);
  const failed = backups
    .filter(({ status }) => status?.phase === 'Failed')
    .filter(({ metadata }) => !last || Date.parse(metadata.creationTimestamp) > doneAt(last))
    .sort((a, b) => Date.parse(b.metadata.creationTimestamp) - Date.parse(a.metadata.creationTimestamp))[0];
  const [nextAt = null] = schedules
    .filter(isCurrent)
    .flatMap(({ status }) => status?.nextScheduleTime ?? [])
    .sort((a, b) => Date.parse(a) - Date.parse(b));
  const { name } = last?.metadata ?? {};
  return {
    last: name === undefined ? null : { name, completedAt: last?.status?.completedAt ?? '' },
    failed: failed?.metadata.name ?? null,
    nextAt,
  };
}

const doneAt = ({ status }: KVBackup) => Date.parse(status?.completedAt ?? '');

/** The same in a line. */
export function backupLine(state: BackupState | undefined, now: number): string | undefined {
  if (!state) return undefined;
  const { last, failed, nextAt } = state;
  const parts = [
    last ? `${ageOf(last.completedAt, now)} ago, ${last.name}` : 'none is complete',
    failed !== null && `${failed} failed`,
    nextAt !== null && `the next in ${formatAge(Date.parse(nextAt) - now)}`,
  ];
  return parts.filter((part) => part !== false).join('; ');
}
