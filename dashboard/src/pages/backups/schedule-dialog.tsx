import { type FormEvent, useId, useState } from 'react';
import type { BackupSchedule } from '../../../../sdk/src/index.ts';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { Check, Field } from '../../components/field.tsx';
import { ProblemNotice } from '../../components/notice.tsx';
import { usePutSchedule } from './queries.ts';
import { isSchedule, nameProblem, SCHEDULES } from './words.ts';

const MOST = 39;
const NIGHTLY = '-nightly';
const OWN = 'own';
const ZONES: readonly string[] = ['UTC', ...Intl.supportedValuesOf('timeZone').filter((zone) => zone !== 'UTC')];

interface ScheduleDialogProps {
  /** Name of the KVStore, which begins the name of a new schedule: all projects of the namespace share their names. */
  store: string;
  /** Absent for a new one. */
  schedule?: BackupSchedule;
  onClose(): void;
}

/** Asks what a schedule is to be, and writes it; a name stays once it is given. */
export function ScheduleDialog({ store, schedule, onClose }: ScheduleDialogProps) {
  const form = useId();
  const [name, setName] = useState(schedule?.name ?? `${store.slice(0, MOST - NIGHTLY.length)}${NIGHTLY}`);
  const [cron, setCron] = useState(schedule?.schedule ?? '0 3 * * *');
  const [isOwn, setIsOwn] = useState(!SCHEDULES.some((known) => known.cron === cron));
  const [zone, setZone] = useState(schedule?.time_zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone);
  const [keep, setKeep] = useState(schedule ? String(schedule.keep_count ?? '') : '7');
  const [age, setAge] = useState(schedule?.keep_age ?? '');
  const [suspended, setSuspended] = useState(schedule?.suspended ?? false);
  const { mutate, isPending, error } = usePutSchedule();
  const problems = {
    name: name === '' ? 'A schedule needs a name.' : nameProblem(name, MOST),
    cron: isSchedule(cron) ? undefined : 'Five fields, such as 0 3 * * *, or @hourly, @daily, @weekly, @monthly.',
    keep: keep === '' || /^([1-9]\d{0,2}|1000)$/.test(keep) ? undefined : 'A whole number from 1 to 1000.',
    age: age === '' || /^[1-9]\d{0,6}[hd]$/.test(age) ? undefined : 'Hours or days, such as 720h or 30d.',
  };
  const isWrong = Object.values(problems).some((problem) => problem !== undefined);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (isWrong) return;
    const wish = {
      name,
      schedule: cron.trim(),
      timeZone: zone,
      suspended,
      ...(keep !== '' && { keepCount: Number(keep) }),
      ...(age !== '' && { keepAge: age }),
    };
    mutate(wish, { onSuccess: onClose });
  };
  return (
    <Dialog
      open
      title={schedule ? `Change ${schedule.name}` : 'Add a schedule'}
      about="A backup that is missed is made up for within an hour; two at once there are never."
      dismissible={false}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" form={form} variant="primary" busy={isPending} disabled={isWrong}>
            Save schedule
          </Button>
        </>
      }
    >
      <form id={form} className="stack" onSubmit={submit}>
        {!schedule && (
          <Field label="Name" hint="Its backups are named after it." error={problems.name}>
            {(field) => (
              <input
                {...field}
                className="input"
                value={name}
                onChange={(event) => setName(event.target.value.trim())}
              />
            )}
          </Field>
        )}
        <Field label="When">
          {(field) => (
            <select
              {...field}
              className="input"
              value={isOwn ? OWN : cron}
              onChange={({ target: { value } }) => {
                setIsOwn(value === OWN);
                if (value !== OWN) setCron(value);
              }}
            >
              {SCHEDULES.map(({ label, cron: known }) => (
                <option key={known} value={known}>
                  {label}
                </option>
              ))}
              <option value={OWN}>As cron has it</option>
            </select>
          )}
        </Field>
        {isOwn && (
          <Field label="Schedule" hint="Minute, hour, day of month, month, day of week." error={problems.cron}>
            {(field) => (
              <input {...field} className="input mono" value={cron} onChange={(event) => setCron(event.target.value)} />
            )}
          </Field>
        )}
        <Field label="Time zone">
          {(field) => (
            <select {...field} className="input" value={zone} onChange={(event) => setZone(event.target.value)}>
              {(ZONES.includes(zone) ? ZONES : [zone, ...ZONES]).map((each) => (
                <option key={each}>{each}</option>
              ))}
            </select>
          )}
        </Field>
        <div className="fields">
          <Field label="Keep" hint="So many of the newest. Left empty, all." error={problems.keep}>
            {(field) => (
              <input
                {...field}
                className="input"
                inputMode="numeric"
                value={keep}
                onChange={(event) => setKeep(event.target.value.trim())}
              />
            )}
          </Field>
          <Field label="Delete after" hint="Such as 30d. Left empty, never." error={problems.age}>
            {(field) => (
              <input {...field} className="input" value={age} onChange={(event) => setAge(event.target.value.trim())} />
            )}
          </Field>
        </div>
        <Check label="Suspended" hint="Makes no backups for now." checked={suspended} onChange={setSuspended} />
        {error && <ProblemNotice error={error} />}
      </form>
    </Dialog>
  );
}
