import { setTimeout as sleep } from 'node:timers/promises';
import { scheduledBackup } from '../../contract/new-backup.ts';
import { API_VERSION, type KVBackupSchedule } from '../../contract/objects.ts';
import type { KubeObject } from '../../kube/object.ts';
import { FIELD_MANAGER, kvBackupSchedules } from '../access/kinds.ts';
import { type PlaceOptions, placeOf } from '../access/place.ts';
import { findStore } from '../access/stores.ts';
import { CliError, EXIT } from '../errors.ts';
import { conditionOf, isCurrent } from '../output/conditions.ts';
import { formatAge } from '../output/words.ts';
import type { Session } from '../session.ts';
import { makeBackup, type WaitOptions } from './backup-make.ts';
import { viewSchedule } from './schedule-list.ts';

interface SetOptions extends PlaceOptions {
  timeZone: string;
  keep?: number;
  keepAge?: string;
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
  const seen = await whenSeen(session, written as unknown as KVBackupSchedule);
  session.output.show(viewSchedule(seen), () => `${name} backs ${store} up at ${cron} (${timeZone})\n${outlook(seen)}`);
}

/** `cubby schedule run`: a backup like those that the schedule makes, kept and counted as they are. */
export async function run(session: Session, [schedule]: [string], options: WaitOptions) {
  const { client } = await session.cluster();
  const namespace = await session.namespace();
  const found = await client.get<KVBackupSchedule>(kvBackupSchedules, { namespace, name: schedule });
  if (!found) throw noSchedule(namespace, schedule);
  const store = await findStore(session, found.spec.storeRef.name);
  await makeBackup(session, store, scheduledBackup(found, new Date()), options);
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
  if (isSuspended) {
    session.output.show(viewSchedule(schedule), () => `${name} makes no backups until it is resumed\n`);
    return;
  }
  const seen = await whenSeen(session, schedule);
  session.output.show(viewSchedule(seen), () => `${name} makes backups again\n${outlook(seen)}`);
}

/** The operator looks at a schedule within moments; whether it runs at all is not to be waited for. */
const SEEN_MS = 3_000;
const POLL_MS = 200;

/** The schedule once the operator has seen it, or as it is after a while. Throws a CliError for no such time or zone. */
async function whenSeen(session: Session, written: KVBackupSchedule): Promise<KVBackupSchedule> {
  const { client } = await session.cluster();
  const { namespace, name } = written.metadata;
  let schedule = written;
  for (const end = Date.now() + SEEN_MS; !isCurrent(schedule) && Date.now() < end; ) {
    await sleep(POLL_MS, undefined, { signal: session.signal });
    const key = { namespace, name };
    schedule = (await client.get<KVBackupSchedule>(kvBackupSchedules, key).catch(() => undefined)) ?? schedule;
  }
  const ready = isCurrent(schedule) ? conditionOf(schedule, 'Ready') : undefined;
  if (ready?.reason !== 'ScheduleInvalid') return schedule;
  throw new CliError(EXIT.error, `${name} is written, and makes no backups: ${ready.message}`, 'set it once more');
}

/** When the next backup comes, or what is in the way; nothing where nobody has said. */
function outlook(schedule: KVBackupSchedule): string {
  const { nextAt, message } = viewSchedule(schedule);
  if (message !== null) return `${message}\n`;
  return nextAt === null
    ? ''
    : `the next backup begins at ${nextAt}, in ${formatAge(Date.parse(nextAt) - Date.now())}\n`;
}

function noSchedule(namespace: string, name: string): CliError {
  const remedy = 'see those that there are: cubby schedule list';
  return new CliError(EXIT.notFound, `there is no backup schedule ${namespace}/${name}`, remedy);
}
