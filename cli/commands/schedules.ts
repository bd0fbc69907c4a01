import { API_VERSION, type KVBackupSchedule } from '../../contract/objects.ts';
import type { KubeObject } from '../../kube/object.ts';
import { FIELD_MANAGER, kvBackupSchedules } from '../access/kinds.ts';
import { type PlaceOptions, placeOf } from '../access/place.ts';
import { findStore } from '../access/stores.ts';
import { CliError, EXIT } from '../errors.ts';
import type { Output } from '../output/output.ts';
import { renderTable } from '../output/table.ts';
import { ageOf, formatAge, NOTHING } from '../output/words.ts';
import type { Session } from '../session.ts';

interface SetOptions extends PlaceOptions {
  timeZone: string;
  keep?: number;
  keepAge?: string;
}

/** `cubby schedule list` */
export async function list(session: Session, _args: unknown, { allNamespaces }: { allNamespaces?: true }) {
  const { client } = await session.cluster();
  const { output } = session;
  const namespace = allNamespaces ? undefined : await session.namespace();
  const { items } = await client.list<KVBackupSchedule>(kvBackupSchedules, { namespace });
  const { store } = session.options;
  const views = items.filter(({ spec }) => store === undefined || spec.storeRef.name === store).map(viewSchedule);
  if (views.length === 0 && output.format !== 'json' && output.format !== 'yaml') {
    output.note("no backup schedules; make one with: cubby schedule set nightly STORE '0 3 * * *'");
    return;
  }
  output.show({ schedules: views }, () => table(views, output, allNamespaces === true));
}

/** `cubby schedule set` */
export async function set(session: Session, [name, store, cron]: [string, string, string], options: SetOptions) {
  const { client } = await session.cluster();
  const place = placeOf(options);
  const { metadata, spec: wanted } = await findStore(session, store);
  if (!place && !wanted.backup) {
    const remedy = 'set spec.backup.target of the KVStore, or name a place by --place';
    throw new CliError(EXIT.usage, `the store ${store} does not say where its backups go`, remedy);
  }
  const { timeZone, keep: count, keepAge: maxAge } = options;
  const retention = { ...(count !== undefined && { count }), ...(maxAge !== undefined && { maxAge }) };
  const keeps = Object.keys(retention).length > 0 ? { retention } : {};
  const { namespace } = metadata;
  const spec = { storeRef: { name: store }, schedule: cron, timeZone, suspend: false, ...keeps, ...place };
  const object: KubeObject = { apiVersion: API_VERSION, kind: 'KVBackupSchedule', metadata: { namespace, name }, spec };
  // What an earlier set wrote and this one leaves out goes, and what others wrote stays.
  const written = await client.apply(kvBackupSchedules, object, { fieldManager: FIELD_MANAGER, force: true });
  const view = viewSchedule(written as unknown as KVBackupSchedule);
  session.output.show(view, () => `${name} backs ${store} up at ${cron} (${timeZone})\n`);
}

/** `cubby schedule suspend` */
export const suspend = (session: Session, [name]: [string]) => setSuspended(session, name, true);
/** `cubby schedule resume` */
export const resume = (session: Session, [name]: [string]) => setSuspended(session, name, false);

/** `cubby schedule delete` */
export async function remove(session: Session, [name]: [string]) {
  const { client } = await session.cluster();
  const namespace = await session.namespace();
  if (!(await client.delete(kvBackupSchedules, { namespace, name }))) throw noSchedule(namespace, name);
  session.output.show({ namespace, name, deleted: true }, () => `${name} is deleted; its backups stay\n`);
}

async function setSuspended(session: Session, name: string, isSuspended: boolean) {
  const { client } = await session.cluster();
  const namespace = await session.namespace();
  const key = { namespace, name };
  if (!(await client.get(kvBackupSchedules, key))) throw noSchedule(namespace, name);
  const options = { type: 'merge', fieldManager: FIELD_MANAGER } as const;
  const edit = { spec: { suspend: isSuspended } };
  const schedule = await client.patch<KVBackupSchedule>(kvBackupSchedules, key, edit, options);
  const text = isSuspended ? 'makes no backups until it is resumed' : 'makes backups again';
  session.output.show(viewSchedule(schedule), () => `${name} ${text}\n`);
}

function noSchedule(namespace: string, name: string): CliError {
  const remedy = 'see those that there are: cubby schedule list';
  return new CliError(EXIT.notFound, `there is no backup schedule ${namespace}/${name}`, remedy);
}

type ScheduleView = ReturnType<typeof viewSchedule>;

function table(schedules: readonly ScheduleView[], output: Output, withNamespace: boolean): string {
  const now = Date.now();
  const titles = [
    ...(withNamespace ? ['NAMESPACE'] : []),
    ...['NAME', 'STORE', 'SCHEDULE', 'TIME ZONE', 'KEEPS', 'LAST BACKUP', 'NEXT'],
    ...(output.format === 'wide' ? ['ACTIVE', 'MESSAGE'] : []),
  ];
  const rows = schedules.map((each) => [
    ...(withNamespace ? [each.namespace] : []),
    each.name,
    each.store,
    each.schedule,
    each.timeZone,
    [each.keepCount, each.keepAge].filter((rule) => rule !== null).join(', ') || 'all',
    each.lastSuccessfulAt === null ? NOTHING : `${ageOf(each.lastSuccessfulAt, now)} ago`,
    each.suspended ? output.paint('faint', 'suspended') : nextOf(each, now),
    ...(output.format === 'wide' ? [each.active ?? NOTHING, each.message ?? NOTHING] : []),
  ]);
  return renderTable(
    titles.map((title) => ({ title })),
    rows,
  );
}

function nextOf({ nextAt }: ScheduleView, now: number): string {
  return nextAt === null ? NOTHING : `in ${formatAge(Date.parse(nextAt) - now)}`;
}

/** A schedule as `-o json` shows it. */
export function viewSchedule({ metadata, spec, status = {} }: KVBackupSchedule) {
  // What is foretold is so by the spec that the operator has seen.
  const isSeen = status.observedGeneration === metadata.generation;
  const ready = isSeen ? status.conditions?.find(({ type }) => type === 'Ready') : undefined;
  return {
    namespace: metadata.namespace,
    name: metadata.name,
    store: spec.storeRef.name,
    schedule: spec.schedule,
    timeZone: spec.timeZone,
    suspended: spec.suspend,
    keepCount: spec.retention?.count ?? null,
    keepAge: spec.retention?.maxAge ?? null,
    lastScheduledAt: status.lastScheduleTime ?? null,
    lastSuccessfulAt: status.lastSuccessfulTime ?? null,
    nextAt: (isSeen && status.nextScheduleTime) || null,
    active: status.active ?? null,
    message: ready?.status === 'False' ? ready.message : null,
  };
}
