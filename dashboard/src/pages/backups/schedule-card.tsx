import { CalendarClock, Pencil, Plus, Trash2 } from 'lucide-react';
import { useState } from 'react';
import type { BackupSchedule } from '../../../../sdk/src/index.ts';
import { Badge } from '../../components/badge.tsx';
import { Button, IconButton } from '../../components/button.tsx';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { ProblemNotice } from '../../components/notice.tsx';
import { formatMoment } from '../../time/duration.ts';
import { useDeleteSchedule, useSchedules } from './queries.ts';
import { ScheduleDialog } from './schedule-dialog.tsx';
import { keepWords, scheduleWords } from './words.ts';

interface ScheduleCardProps {
  /** Name of the KVStore. */
  store: string;
  mayManage: boolean;
  hasPlace: boolean;
}

/** The schedules of the project, and what each does. */
export function ScheduleCard({ store, mayManage, hasPlace }: ScheduleCardProps) {
  const { data, error } = useSchedules();
  const [editing, setEditing] = useState<BackupSchedule | 'new'>();
  const [deleting, setDeleting] = useState<BackupSchedule>();
  return (
    <section className="card section" aria-labelledby="schedules-title">
      <div className="section-head">
        <h2 id="schedules-title">Schedules</h2>
        {mayManage && hasPlace && (
          <Button icon={<Plus size={16} aria-hidden />} onClick={() => setEditing('new')}>
            Add schedule
          </Button>
        )}
      </div>
      {error && !data && <ProblemNotice error={error} />}
      {data?.length === 0 && <p className="soft">No backups are made by themselves.</p>}
      {data && data.length > 0 && (
        <ul className="schedules">
          {data.map((schedule) => (
            <li key={schedule.name} className="schedule">
              <CalendarClock size={16} aria-hidden />
              <div>
                <strong>{schedule.name}</strong> {schedule.suspended && <Badge>Suspended</Badge>}
                <div className="soft">
                  {scheduleWords(schedule)}. {keepWords(schedule)}.
                </div>
                <div className="soft">{lastWords(schedule)}</div>
                {schedule.message !== null && <div className="record-message">{schedule.message}</div>}
              </div>
              {mayManage && (
                <div>
                  <IconButton
                    label={`Change ${schedule.name}`}
                    icon={<Pencil size={16} aria-hidden />}
                    onClick={() => setEditing(schedule)}
                  />
                  <IconButton
                    label={`Delete ${schedule.name}`}
                    icon={<Trash2 size={16} aria-hidden />}
                    variant="quiet-danger"
                    onClick={() => setDeleting(schedule)}
                  />
                </div>
              )}
            </li>
          ))}
        </ul>
      )}
      {editing && (
        <ScheduleDialog
          store={store}
          {...(editing !== 'new' && { schedule: editing })}
          onClose={() => setEditing(undefined)}
        />
      )}
      {deleting && <DeleteSchedule schedule={deleting} onClose={() => setDeleting(undefined)} />}
    </section>
  );
}

function DeleteSchedule({ schedule: { name }, onClose }: { schedule: BackupSchedule; onClose(): void }) {
  const { mutate, isPending, error } = useDeleteSchedule();
  return (
    <ConfirmDialog
      open
      title={`Delete ${name}?`}
      confirmLabel="Delete schedule"
      busy={isPending}
      error={error}
      onConfirm={() => mutate(name, { onSuccess: onClose })}
      onClose={onClose}
    >
      It makes no further backups. Those that it made stay, and are no longer deleted by age or count.
    </ConfirmDialog>
  );
}

function lastWords({ last_successful_at, next_at, active }: BackupSchedule): string {
  const last = last_successful_at === null ? 'None so far' : `Last ${formatMoment(Date.parse(last_successful_at))}`;
  const next = active ? `, one is being made` : next_at === null ? '' : `, next ${formatMoment(Date.parse(next_at))}`;
  return `${last}${next}`;
}
