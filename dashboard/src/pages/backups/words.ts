import type { Backup, BackupPlace, BackupSchedule, StoreRestore } from '../../../../sdk/src/index.ts';
import type { Tone } from '../../components/tone.ts';

/** What the state of a backup looks like, and is called. */
export const STATES: Record<Backup['state'], { tone: Tone; word: string }> = {
  pending: { tone: 'blue', word: 'Pending' },
  running: { tone: 'blue', word: 'Running' },
  completed: { tone: 'good', word: 'Complete' },
  failed: { tone: 'danger', word: 'Failed' },
  deleting: { tone: 'neutral', word: 'Deleting' },
};

/** What a restore does in each phase. */
export const RESTORE_STEPS: Record<StoreRestore['phase'], string> = {
  Fetching: 'The backup is fetched and checked. The data that was there still serves.',
  Swapping: 'Redis is stopped, and the backup put in the place of its data.',
  Loading: 'Redis reads the backup.',
  Completed: 'The backup is restored.',
  Failed: 'The data is as it was.',
};

const NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;

/** Why a text is no name of at most so many characters; undefined where it is one, or empty. */
export function nameProblem(name: string, most: number): string | undefined {
  if (name === '' || (NAME.test(name) && name.length <= most)) return undefined;
  return `Use at most ${most} small letters, digits and dashes; begin and end with a letter or digit.`;
}

/** Where backups go, in one line. */
export function placeWords({ s3, volume }: BackupPlace): string {
  if (s3) return `s3://${[s3.bucket, s3.prefix].filter(Boolean).join('/')}`;
  return `Volume ${[volume?.claim_name, volume?.path].filter(Boolean).join('/')}`;
}

/** The schedules that the form offers; the last is written by hand. */
export const SCHEDULES: readonly { label: string; cron: string }[] = [
  { label: 'Each hour', cron: '@hourly' },
  { label: 'Each night at 3', cron: '0 3 * * *' },
  { label: 'Sundays at 3', cron: '0 3 * * 0' },
  { label: 'Monthly, on the first at 3', cron: '0 3 1 * *' },
];

/** When a schedule makes backups. */
export function scheduleWords({ schedule, time_zone }: Pick<BackupSchedule, 'schedule' | 'time_zone'>): string {
  const known = SCHEDULES.find(({ cron }) => cron === schedule)?.label;
  return `${known ?? schedule} (${time_zone})`;
}

/** Which backups of a schedule are kept. */
export function keepWords({ keep_count, keep_age }: Pick<BackupSchedule, 'keep_count' | 'keep_age'>): string {
  const parts = [
    keep_count !== null && `the newest ${keep_count}`,
    keep_age !== null && `those of the last ${ageWords(keep_age)}`,
  ].filter((part) => part !== false);
  return parts.length === 0 ? 'Keeps all' : `Keeps ${parts.join(', and of these ')}`;
}

function ageWords(age: string): string {
  const count = age.slice(0, -1);
  return `${count} ${age.endsWith('d') ? 'days' : 'hours'}`;
}

/** Whether a text could be a schedule; the server knows better. */
export function isSchedule(text: string): boolean {
  return /^(@(hourly|daily|weekly|monthly)|\S+( +\S+){4})$/.test(text.trim());
}
