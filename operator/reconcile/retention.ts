import type { KVBackup, KVBackupSchedule } from '../../contract/objects.ts';

/** So many failed backups of a schedule are kept, the newest: for what they tell, since they hold no data. */
const FAILED_KEPT = 3;

const HOUR_MS = 3_600_000;

/** The backups of a schedule that are to be deleted. The newest complete one never is. */
export function outlived(
  backups: readonly KVBackup[],
  retention: KVBackupSchedule['spec']['retention'],
  now: Date,
): KVBackup[] {
  const present = backups.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const [newest, ...older] = newestFirst(present, 'Completed');
  const { count = Number.POSITIVE_INFINITY, maxAge } = retention ?? {};
  const before = maxAge === undefined ? Number.NEGATIVE_INFINITY : now.getTime() - parseAge(maxAge);
  const isOutlived = (backup: KVBackup, place: number) => place + 2 > count || completedMs(backup) < before;
  return [...(newest ? older.filter(isOutlived) : []), ...newestFirst(present, 'Failed').slice(FAILED_KEPT)];
}

function newestFirst(backups: readonly KVBackup[], phase: 'Completed' | 'Failed'): KVBackup[] {
  const order = (backup: KVBackup) =>
    phase === 'Completed' ? completedMs(backup) : Date.parse(backup.metadata.creationTimestamp);
  return backups.filter(({ status }) => status?.phase === phase).sort((a, b) => order(b) - order(a));
}

function completedMs({ status }: KVBackup): number {
  return Date.parse(status?.completedAt ?? '');
}

/** A duration such as 720h or 30d in ms. */
function parseAge(text: string): number {
  return Number.parseInt(text, 10) * (text.endsWith('d') ? 24 : 1) * HOUR_MS;
}
