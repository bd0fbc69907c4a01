import { SCHEDULE_LABEL } from '../../contract/labels.ts';
import type { KVBackup } from '../../contract/objects.ts';
import { kvBackups } from '../access/kinds.ts';
import { placeText } from '../access/place.ts';
import type { Output, Tone } from '../output/output.ts';
import { type Column, renderTable } from '../output/table.ts';
import { ageOf, formatBytes, NOTHING } from '../output/words.ts';
import type { Session } from '../session.ts';

/** `cubby backups` and `cubby backup list` */
export async function list(session: Session, [store]: [string?], { allNamespaces }: { allNamespaces?: true }) {
  const { client } = await session.cluster();
  const { output } = session;
  const namespace = allNamespaces ? undefined : await session.namespace();
  const { items } = await client.list<KVBackup>(kvBackups, { namespace });
  const of = store ?? session.options.store;
  const views = items
    .filter(({ spec }) => of === undefined || spec.storeRef.name === of)
    .sort((a, b) => b.metadata.creationTimestamp.localeCompare(a.metadata.creationTimestamp))
    .map(viewBackup);
  if (views.length === 0 && output.format !== 'json' && output.format !== 'yaml') {
    output.note(`no backups${of ? ` of ${of}` : ''}; make one with: cubby backup ${of ?? 'STORE'}`);
    return;
  }
  output.show({ backups: views }, () => table(views, output, allNamespaces === true));
}

/** A backup as `-o json` shows it. */
export type BackupView = ReturnType<typeof viewBackup>;

const TONES: Readonly<Record<string, Tone>> = { Completed: 'good', Failed: 'bad', Deleting: 'faint' };

function table(backups: readonly BackupView[], output: Output, withNamespace: boolean): string {
  const now = Date.now();
  const wide = output.format === 'wide';
  const columns: Column[] = [
    ...(withNamespace ? [{ title: 'NAMESPACE' }] : []),
    { title: 'NAME' },
    { title: 'STORE' },
    { title: 'STATE' },
    { title: 'KEYS', align: 'right' },
    { title: 'SIZE', align: 'right' },
    { title: 'PLACE' },
    { title: 'AGE' },
    ...(wide ? ['SCHEDULE', 'REDIS', 'OBJECT', 'MESSAGE'].map((title) => ({ title })) : []),
  ];
  const rows = backups.map((backup) => [
    ...(withNamespace ? [backup.namespace] : []),
    backup.name,
    backup.store,
    output.paint(TONES[backup.state] ?? 'busy', backup.state),
    backup.keys === null ? NOTHING : String(backup.keys),
    sizeOf(backup),
    backup.place ?? NOTHING,
    ageOf(backup.completedAt ?? backup.createdAt, now),
    ...(wide
      ? [backup.schedule, backup.redisVersion, backup.object, backup.message].map((text) => text ?? NOTHING)
      : []),
  ]);
  return renderTable(columns, rows);
}

/** The size of a backup, or how much of it has been sent. */
function sizeOf({ size, progressBytes }: BackupView): string {
  if (size !== null) return formatBytes(size);
  return progressBytes === null ? NOTHING : `${formatBytes(progressBytes)} so far`;
}

/** A backup as it is shown. */
export function viewBackup({ metadata, spec, status = {} }: KVBackup) {
  const { phase = 'Pending', location } = status;
  const complete = status.conditions?.find(({ type }) => type === 'Complete');
  const refuted = status.conditions?.find(({ type, status: holds }) => type === 'Verified' && holds === 'False');
  const told = complete?.status === 'True' ? (refuted ?? complete) : complete;
  return {
    namespace: metadata.namespace,
    name: metadata.name,
    store: spec.storeRef.name,
    state: metadata.deletionTimestamp ? 'Deleting' : refuted ? 'Failed' : phase,
    reason: told?.reason ?? null,
    message: told?.message ?? null,
    keys: status.keys ?? null,
    expiringKeys: status.expiringKeys ?? null,
    size: status.size ?? null,
    progressBytes: phase === 'Running' ? (status.progress?.bytes ?? 0) : null,
    sha256: status.sha256 ?? null,
    shards: status.shards ?? null,
    redisVersion: status.redisVersion ?? null,
    encrypted: status.encrypted ?? null,
    place: placeText(location?.target) ?? null,
    object: location?.object ?? null,
    schedule: metadata.labels?.[SCHEDULE_LABEL] ?? null,
    deletionPolicy: spec.deletionPolicy,
    attempts: status.attempts ?? 0,
    createdAt: metadata.creationTimestamp,
    completedAt: status.completedAt ?? null,
  };
}
