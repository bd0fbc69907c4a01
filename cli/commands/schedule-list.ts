import type { KVBackupSchedule } from '../../contract/objects.ts';
import { kvBackupSchedules } from '../access/kinds.ts';
import { conditionOf, isCurrent } from '../output/conditions.ts';
import type { Output } from '../output/output.ts';
import { renderTable } from '../output/table.ts';
import { ageOf, formatAge, NOTHING } from '../output/words.ts';
import type { Session } from '../session.ts';

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
export function viewSchedule(schedule: KVBackupSchedule) {
  const { metadata, spec, status = {} } = schedule;
  // What is foretold is so by the spec that the operator has seen.
  const isSeen = isCurrent(schedule);
  const ready = isSeen ? conditionOf(schedule, 'Ready') : undefined;
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
