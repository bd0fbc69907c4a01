import { isDeepStrictEqual } from 'node:util';
import { rfc3339 } from '../status/conditions.ts';
import {
  lastTry,
  nothing,
  pause,
  pausing,
  type RestoreDecision,
  type RestoreInput,
  refuse,
  retry,
  step,
  write,
} from './restore-outcome.ts';
import { isAskedAgain, isTouching, memberCount, type RestoreRecord, restoreDigest } from './restore-record.ts';
import { finish } from './restore-touch.ts';

/** Tries to fetch a backup for a store that has data, before it is given up: nobody wants it overwritten a week later. */
const TRIES = 8;
/** Failures that are mended elsewhere than in spec: in a Secret, a bucket, on a volume. */
const MENDABLE: ReadonlySet<string> = new Set(['TargetRefused', 'NotFound', 'WrongKey', 'NoSpace', 'Failed']);

/**
 * Whether Redis may run. Without data it must not before the backup is there, or it would begin empty and take writes
 * that the backup then replaces: `unmade` where it never ran, `stopped` where it may.
 */
export function holds({
  record,
  store,
  statefulSet,
  members,
}: Pick<RestoreInput, 'record' | 'store' | 'statefulSet' | 'members'>): 'runs' | 'stopped' | 'unmade' {
  const idle = statefulSet ? 'stopped' : 'unmade';
  if (record?.phase === 'Swapping' || record?.phase === 'Undoing') return idle;
  if (store.spec.restoreFrom === undefined) return 'runs';
  if (record?.fresh) return record.phase === 'Fetching' || record.phase === 'Failed' ? idle : 'runs';
  return record === undefined && isNew({ statefulSet, members }) ? 'unmade' : 'runs';
}

/** Decides what follows in a restore. Pure: the same snapshot gives the same answer. */
export function decideRestore(input: RestoreInput): RestoreDecision {
  const { record, store } = input;
  const wanted = restoreDigest(store);
  if (record === undefined) return wanted === undefined ? nothing : begin(input, wanted);
  if (isTouching(record)) return finish(input, record);
  if (wanted === undefined && record.phase === 'Completed' && record.lifted === undefined)
    return write({ ...record, lifted: store.metadata.generation });
  if (record.dirty) return tell(record, wanted, cleanUp(input, record));
  if (record.phase === 'Fetching') return wanted === record.from ? fetch(input, record) : giveUp(input, record, wanted);
  if (wanted === undefined) return forget(record);
  if (wanted !== record.from || isAskedAgain(record, store)) return begin(input, wanted);
  return record.phase === 'Failed' && record.fresh ? tryAgain(input, record) : tell(record, wanted, nothing);
}

/** There is nothing of the store yet, nor of an earlier one of its name. */
function isNew({ statefulSet, members }: Pick<RestoreInput, 'statefulSet' | 'members'>): boolean {
  return !statefulSet && members.every(({ claim }) => !claim);
}

/** Nobody who asks for a backup wants a store without it, nor one whose data it replaced without having said so. */
function begin(input: RestoreInput, wanted: string): RestoreDecision {
  const { store, record, members, source, slots } = input;
  const fresh = record ? record.fresh : isNew(input);
  if (!fresh && !store.spec.restoreFrom?.overwriteData)
    return refuse(
      'RestoreRefused',
      'the store has data already, so it goes on with that; set spec.restoreFrom.overwriteData: true to have it replaced, or restore into a new KVStore',
    );
  if (!fresh && members.some(({ claim }) => !claim))
    return step('waiting for the volume claim that the backup is restored to');
  if (source?.refusal !== undefined) return refuse('RestoreRefused', source.refusal);
  if (!source || source.wait !== undefined) return step(source?.wait ?? 'waiting for the backup');
  const needsSlots = store.spec.shards !== undefined && !fresh;
  if (needsSlots && !slots)
    return step(
      'waiting until all shards answer and no slot is on its way between them; where one has lost its volume, do as the condition Degraded says',
    );
  return write({
    from: wanted,
    phase: 'Fetching',
    attempts: 0,
    ...(fresh && { fresh }),
    ...count(input),
    ...(needsSlots && slots && { slots }),
  });
}

const count = ({ members }: Pick<RestoreInput, 'members'>) => (members.length > 1 ? { members: members.length } : {});

function fetch(input: RestoreInput, record: RestoreRecord): RestoreDecision {
  const { store, members, source, slots, job, now } = input;
  if (!record.fresh && !store.spec.restoreFrom?.overwriteData)
    return refuse('RestoreRefused', 'set spec.restoreFrom.overwriteData: true to have the data of the store replaced');
  if (source?.refusal !== undefined) return refuse('RestoreRefused', source.refusal);
  if (!source || source.wait !== undefined) return step(source?.wait ?? 'waiting for the backup');
  // The store grows: what was fetched is not for all of it.
  if (memberCount(record) !== members.length) return begin(input, record.from);
  if (job?.state === 'done') {
    const { data } = job;
    if (record.slots && !isDeepStrictEqual(slots, record.slots)) return begin(input, record.from);
    if (!data) return failed(store.metadata.generation, record, 'Failed', 'the pod did not say what it fetched', now);
    const { keys, expiringKeys: expiring, sha256, size: bytes } = data;
    const { message: _, retryAt: __, ...rest } = record;
    return write({ ...rest, phase: 'Swapping', attempts: 0, data: { keys, expiring, sha256, bytes } });
  }
  if (job?.state === 'failed') {
    const { again, reason, message } = job;
    const mayGoOn = again && (record.fresh || record.attempts + 1 < TRIES);
    return mayGoOn ? retry(record, message, now) : failed(store.metadata.generation, record, reason, message, now);
  }
  const going = step('the backup is fetched and verified beside the data of the store');
  if (job?.state === 'running' && job.trouble !== undefined)
    return {
      ...going,
      refusals: [{ reason: 'RestoreFailed', message: `the backup cannot be fetched: ${job.trouble}` }],
    };
  return pausing(record) ? { ...going, refusals: [lastTry(record)] } : going;
}

/** Spec asks for something else before anything was touched. What stays of a new store is an empty volume. */
function giveUp(input: RestoreInput, record: RestoreRecord, wanted: string | undefined): RestoreDecision {
  if (wanted !== undefined && record.fresh) return begin(input, wanted);
  const { fresh: _, retryAt: __, ...rest } = record;
  const message = 'spec.restoreFrom was changed before the backup was fetched';
  return write({ ...rest, phase: 'Failed', attempts: 0, dirty: true, message, finishedAt: rfc3339(input.now) });
}

/** Removes what takes room: what was set aside, and what was fetched in vain. */
function cleanUp({ job, now }: RestoreInput, record: RestoreRecord): RestoreDecision {
  if (job?.state === 'failed') return write({ ...pause(record, now), message: record.message ?? '' });
  if (job?.state !== 'done') return nothing;
  const { dirty: _, retryAt: __, ...rest } = record;
  return write({ ...rest, attempts: 0 });
}

/** What was given up may be asked for anew when spec.restoreFrom was taken away. */
function forget(record: RestoreRecord): RestoreDecision {
  if (record.phase === 'Completed') return nothing;
  return record.fresh ? giveUpFresh(record) : write(null);
}

function giveUpFresh({ fresh: _, ...record }: RestoreRecord): RestoreDecision {
  return write({ ...record, attempts: 0, dirty: true });
}

/** Nothing was there, so nothing can be lost by trying again: at an edit of spec, or in a while where it is mended elsewhere. */
function tryAgain(input: RestoreInput, record: RestoreRecord): RestoreDecision {
  const { store, now } = input;
  const isEdited = store.metadata.generation !== record.generation;
  const isDue = record.retryAt !== undefined && now.getTime() >= Date.parse(record.retryAt);
  const { retryAt: _, generation: __, finishedAt: ___, data: ____, ...rest } = record;
  if (isEdited || isDue)
    return write({ ...rest, ...count(input), phase: 'Fetching', attempts: isEdited ? 0 : record.attempts });
  const told = refuse(
    'RestoreFailed',
    `${record.message}; the store waits, and has not begun without its data; correct spec.restoreFrom`,
  );
  return record.retryAt === undefined
    ? told
    : { ...told, steps: [{ reason: 'Restoring', message: `the restore is tried again at ${record.retryAt}` }] };
}

/** Says how the last restore came out, for as long as spec asks for it. */
function tell(record: RestoreRecord, wanted: string | undefined, decision: RestoreDecision): RestoreDecision {
  if (wanted !== record.from) return decision;
  const { phase, data, loaded, message } = record;
  if (phase === 'Failed') {
    const text = `${message}; the store goes on with the data that it has. Set spec.restoreFrom to another backup, or remove it and set it again to try this one again`;
    return { ...decision, refusals: [...decision.refusals, { reason: 'RestoreFailed', message: text }] };
  }
  if (phase !== 'Completed' || !data || !loaded || loaded.keys + loaded.expired >= data.keys) return decision;
  const text = `Redis found ${loaded.keys} keys in the backup and ${loaded.expired} that had expired, of ${data.keys}; compare the store with its source, and remove spec.restoreFrom to accept it`;
  return { ...decision, refusals: [...decision.refusals, { reason: 'RestoreFailed', message: text }] };
}

function failed(
  generation: number,
  record: RestoreRecord,
  reason: string,
  message: string,
  now: Date,
): RestoreDecision {
  const over = { phase: 'Failed', message, generation, finishedAt: rfc3339(now) } as const;
  if (!record.fresh) return write({ ...record, ...over, attempts: 0, dirty: true });
  const { retryAt, attempts } = pause(record, now);
  return write({ ...record, ...over, attempts, ...(MENDABLE.has(reason) && retryAt && { retryAt }) });
}
