import { DATA_MODE_ANNOTATION } from '../resources/plan.ts';
import { rfc3339 } from '../status/conditions.ts';
import { ownStatus, type Pod } from '../status/pod.ts';
import { isCrashing } from '../status/pod-trouble.ts';
import { KEYS_ANNOTATION } from './key-counts.ts';
import type { VolumeClaim } from './kinds.ts';
import { type Member, primaryOf } from './members.ts';
import {
  lastTry,
  nothing,
  pausing,
  type RestoreDecision,
  type RestoreInput,
  retry,
  step,
  write,
} from './restore-outcome.ts';
import { type DataNoted, memberCount, type RestoreRecord } from './restore-record.ts';

/** What is under way once the data is touched; each move is noted before the next begins. */
export function finish(input: RestoreInput, record: RestoreRecord): RestoreDecision {
  if (record.phase === 'Loading') return load(input, record);
  const { store, members, statefulSet, job, now } = input;
  if (members.some(({ pod }) => pod) || (statefulSet?.spec.replicas ?? 0) > 0)
    return step('Redis is stopped to put the backup in its place');
  const isBack = record.phase === 'Undoing';
  if (job?.state === 'done') {
    if (!isBack) {
      const { message: _, retryAt: __, ...rest } = record;
      const data = before(input, record).map(() => ({ mode: swapsTo(input, record), keysAtStop: null }));
      return write({ ...rest, phase: 'Loading', attempts: 0, ...noteBefore(input, record) }, data);
    }
    const { before: first = {}, others = [], slots: _, retryAt: __, ...rest } = record;
    const over = { phase: 'Failed', attempts: 0, generation: store.metadata.generation } as const;
    const data = [first, ...others].map(({ mode = null, keysAtStop = null }) => ({ mode, keysAtStop }));
    return write({ ...rest, ...over, ...(!record.fresh && { dirty: true }), finishedAt: rfc3339(now) }, data);
  }
  if (job?.state === 'failed') {
    const { again, message } = job;
    if (again || isBack) return retry(record, message, now);
    // As if it had been swapped: what undoing finds set aside is the data, whatever the claim said of it.
    return write({ ...record, phase: 'Undoing', attempts: 0, ...noteBefore(input, record), message });
  }
  const going = step(isBack ? 'the data that the store had is put back' : 'the backup is put in the place of the data');
  const trouble = job?.state === 'running' ? job.trouble : undefined;
  if (trouble !== undefined) return { ...going, refusals: [{ reason: 'RestoreFailed', message: trouble }] };
  return isBack || pausing(record) ? { ...going, refusals: [lastTry(record)] } : going;
}

/**
 * The mode of the files that a store begins again with. Of one Redis it is rdb, and what is made of that is seen to while
 * it runs; several have one redis.conf, so that none may have other files than the rest meanwhile.
 */
export function swapsTo(
  { store, members: [first] }: Pick<RestoreInput, 'store' | 'members'>,
  record: RestoreRecord,
): 'rdb' | 'aof' {
  if (memberCount(record) === 1) return 'rdb';
  const mode = notedOf(first?.claim).mode ?? store.spec.persistence.mode;
  return mode === 'aof' ? 'aof' : 'rdb';
}

function noteBefore(input: RestoreInput, record: RestoreRecord): Pick<RestoreRecord, 'before' | 'others'> {
  const [first = {}, ...others] = before(input, record);
  return { before: first, ...(others.length > 0 && { others }) };
}

const before = ({ members }: RestoreInput, record: RestoreRecord) =>
  members.slice(0, memberCount(record)).map(({ claim }) => notedOf(claim));

function notedOf(claim: VolumeClaim | undefined): { [Noted in keyof DataNoted]?: string } {
  const { [DATA_MODE_ANNOTATION]: mode, [KEYS_ANNOTATION]: keysAtStop } = claim?.metadata.annotations ?? {};
  return { ...(mode !== undefined && { mode }), ...(keysAtStop !== undefined && { keysAtStop }) };
}

function load({ store, members, now }: RestoreInput, record: RestoreRecord): RestoreDecision {
  if (!store.spec.enabled && !members.some(({ pod }) => pod)) return nothing; // it is read when the store is woken
  const readers = readersOf(members.slice(0, memberCount(record)), store.spec.shards !== undefined);
  const found = readers.map((member) => foundBy(member));
  if (found.length > 0 && found.every((keys) => keys !== undefined)) {
    const sum = (of: (keys: Found) => number) => found.reduce((total, keys) => total + of(keys), 0);
    const keys = sum((each) => each.keys);
    // A Redis that has ended since has read its own files, and not the backup.
    const isFirst = found.every(({ expired }) => expired !== undefined);
    const expired = isFirst ? sum((each) => each.expired ?? 0) : Math.max((record.data?.keys ?? 0) - keys, 0);
    const { before: _, others: __, slots: ___, fresh: ____, message: _____, ...rest } = record;
    return write({ ...rest, phase: 'Completed', loaded: { keys, expired }, dirty: true, finishedAt: rfc3339(now) });
  }
  const crashing = members.find(({ pod }) => pod && isCrashing(pod))?.pod;
  if (crashing)
    return write({
      ...record,
      phase: 'Undoing',
      attempts: 0,
      message: `Redis does not start with the backup: ${lastWords(crashing)}`,
    });
  return step('Redis reads the backup');
}

interface Found {
  keys: number;
  /** Absent where that is not known any more. */
  expired: number | undefined;
}

/** Each shard has a part of the data; of replicas the primary has what counts. */
function readersOf(members: RestoreInput['members'], isSharded: boolean): RestoreInput['members'] {
  if (isSharded || members.length === 1) return members;
  const primary = primaryOf(members);
  return primary ? [primary] : [];
}

function foundBy({ pod, redis }: Pick<Member, 'pod' | 'redis'>): Found | undefined {
  if (!redis || !('look' in redis) || redis.look.info.loading) return undefined;
  const { loaded, keys } = redis.look.info;
  const isFirst = pod !== undefined && ownStatus(pod)?.restartCount === 0;
  return isFirst ? loaded : { keys: keys.all, expired: undefined };
}

function lastWords(pod: Pod): string {
  const ended = ownStatus(pod)?.state?.terminated ?? ownStatus(pod)?.lastState?.terminated;
  if (ended?.reason === 'OOMKilled') return 'its memory is too small for the data; raise spec.memory';
  const words = (ended?.message ?? '').trim().split('\n').slice(-2).join(' ').slice(-300);
  return words || `it ended with exit code ${ended?.exitCode ?? 'unknown'}`;
}
