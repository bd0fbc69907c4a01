import { DATA_MODE_ANNOTATION } from '../resources/plan.ts';
import { rfc3339 } from '../status/conditions.ts';
import type { Finding } from '../status/finding.ts';
import { ownStatus, type Pod } from '../status/pod.ts';
import { isCrashing } from '../status/pod-trouble.ts';
import { KEYS_ANNOTATION } from './key-counts.ts';
import type { Observed } from './observe.ts';
import type { JobSeen } from './restore-job.ts';
import { isAskedAgain, isTouching, type RestoreRecord, restoreDigest } from './restore-record.ts';
import type { RestoreSource } from './restore-source.ts';

/** What is to be written on the claim: null removes. */
export interface RestoreWrite {
  record: RestoreRecord | null;
  mode?: string | null;
  keysAtStop?: string | null;
}

/** What a restore makes of one look at it. */
export interface RestoreDecision {
  /** What follows, noted before anything is done about it; absent where nothing does yet. */
  write?: RestoreWrite;
  refusals: Finding<'RestoreRefused' | 'RestoreFailed'>[];
  steps: Finding<'Restoring'>[];
}

/** What a decision is made from. */
export interface RestoreInput extends Pick<Observed, 'store' | 'statefulSet' | 'claim' | 'pod' | 'redis'> {
  record: RestoreRecord | undefined;
  source: RestoreSource | undefined;
  /** How the job of the present phase goes; undefined where it has none, or its time has not come. */
  job: JobSeen | undefined;
  now: Date;
}

/** Tries to fetch a backup for a store that has data, before it is given up: nobody wants it overwritten a week later. */
const TRIES = 8;
const FIRST_PAUSE_MS = 5_000;
const LONGEST_PAUSE_MS = 300_000;
/** Failures that are mended elsewhere than in spec: in a Secret, a bucket, on a volume. */
const MENDABLE: ReadonlySet<string> = new Set(['TargetRefused', 'NotFound', 'WrongKey', 'NoSpace', 'Failed']);

const nothing: RestoreDecision = { refusals: [], steps: [] };
const write = (record: RestoreRecord | null, more: Omit<RestoreWrite, 'record'> = {}): RestoreDecision => ({
  ...nothing,
  write: { record, ...more },
});
const step = (message: string): RestoreDecision => ({ ...nothing, steps: [{ reason: 'Restoring', message }] });
const refuse = (reason: 'RestoreRefused' | 'RestoreFailed', message: string): RestoreDecision => ({
  ...nothing,
  refusals: [{ reason, message }],
});

/**
 * Whether Redis may run. Without data it must not before the backup is there, or it would begin empty and take writes
 * that the backup then replaces: `unmade` where it never ran, `stopped` where it may.
 */
export function holds({
  record,
  store,
  statefulSet,
  claim,
}: Pick<RestoreInput, 'record' | 'store' | 'statefulSet' | 'claim'>): 'runs' | 'stopped' | 'unmade' {
  const idle = statefulSet ? 'stopped' : 'unmade';
  if (record?.phase === 'Swapping' || record?.phase === 'Undoing') return idle;
  if (store.spec.restoreFrom === undefined) return 'runs';
  if (record?.fresh) return record.phase === 'Fetching' || record.phase === 'Failed' ? idle : 'runs';
  return record === undefined && !claim && !statefulSet ? 'unmade' : 'runs';
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

/** Nobody who asks for a backup wants a store without it, nor one whose data it replaced without having said so. */
function begin(input: RestoreInput, wanted: string): RestoreDecision {
  const { store, record, claim, statefulSet, source } = input;
  const { replicas, shards, restoreFrom } = store.spec;
  if (replicas > 1 || shards !== undefined)
    return refuse(
      'RestoreRefused',
      'a backup is restored into a store of one Redis only; set spec.replicas to 1 and remove spec.shards, and raise spec.replicas when it is restored',
    );
  const fresh = record ? record.fresh : !claim && !statefulSet;
  if (!fresh && !restoreFrom?.overwriteData)
    return refuse(
      'RestoreRefused',
      'the store has data already, so it goes on with that; set spec.restoreFrom.overwriteData: true to have it replaced, or restore into a new KVStore',
    );
  if (!claim && statefulSet) return step('waiting for the volume claim that the backup is restored to');
  if (source?.refusal !== undefined) return refuse('RestoreRefused', source.refusal);
  if (!source || source.wait !== undefined) return step(source?.wait ?? 'waiting for the backup');
  return write({ from: wanted, phase: 'Fetching', attempts: 0, ...(fresh && { fresh }) });
}

function fetch({ store, source, job, now }: RestoreInput, record: RestoreRecord): RestoreDecision {
  if (!record.fresh && !store.spec.restoreFrom?.overwriteData)
    return refuse('RestoreRefused', 'set spec.restoreFrom.overwriteData: true to have the data of the store replaced');
  if (source?.refusal !== undefined) return refuse('RestoreRefused', source.refusal);
  if (!source || source.wait !== undefined) return step(source?.wait ?? 'waiting for the backup');
  if (job?.state === 'done') {
    const { data } = job;
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

/** What is under way once the data is touched; each move is noted before the next begins. */
function finish(input: RestoreInput, record: RestoreRecord): RestoreDecision {
  if (record.phase === 'Loading') return load(input, record);
  const { store, claim, statefulSet, pod, job, now } = input;
  if (pod || (statefulSet?.spec.replicas ?? 0) > 0) return step('Redis is stopped to put the backup in its place');
  const isBack = record.phase === 'Undoing';
  if (job?.state === 'done') {
    const { [DATA_MODE_ANNOTATION]: mode, [KEYS_ANNOTATION]: keysAtStop } = claim?.metadata.annotations ?? {};
    if (!isBack) {
      const before = { ...(mode !== undefined && { mode }), ...(keysAtStop !== undefined && { keysAtStop }) };
      const { message: _, retryAt: __, ...rest } = record;
      return write({ ...rest, phase: 'Loading', attempts: 0, before }, { mode: 'rdb', keysAtStop: null });
    }
    const { before = {}, retryAt: _, ...rest } = record;
    const over = { phase: 'Failed', attempts: 0, generation: store.metadata.generation } as const;
    return write(
      { ...rest, ...over, ...(!record.fresh && { dirty: true }), finishedAt: rfc3339(now) },
      { mode: before.mode ?? null, keysAtStop: before.keysAtStop ?? null },
    );
  }
  if (job?.state === 'failed') {
    const { again, message } = job;
    if (again || isBack) return retry(record, message, now);
    // As if it had been swapped: what undoing finds set aside is the data, whatever the claim said of it.
    const { [DATA_MODE_ANNOTATION]: mode, [KEYS_ANNOTATION]: keysAtStop } = claim?.metadata.annotations ?? {};
    const before = { ...(mode !== undefined && { mode }), ...(keysAtStop !== undefined && { keysAtStop }) };
    return write({ ...record, phase: 'Undoing', attempts: 0, before, message });
  }
  const going = step(isBack ? 'the data that the store had is put back' : 'the backup is put in the place of the data');
  const trouble = job?.state === 'running' ? job.trouble : undefined;
  if (trouble !== undefined) return { ...going, refusals: [{ reason: 'RestoreFailed', message: trouble }] };
  return isBack || pausing(record) ? { ...going, refusals: [lastTry(record)] } : going;
}

function load({ store, pod, redis, now }: RestoreInput, record: RestoreRecord): RestoreDecision {
  if (!store.spec.enabled && !pod) return nothing; // it is read when the store is woken
  if (redis && 'look' in redis && !redis.look.info.loading) {
    const { loaded, keys } = redis.look.info;
    // A Redis that has ended since has read its own files, and not the backup.
    const isFirst = pod !== undefined && ownStatus(pod)?.restartCount === 0;
    const { before: _, fresh: __, message: ___, ...rest } = record;
    return write({
      ...rest,
      phase: 'Completed',
      loaded: isFirst ? loaded : { keys: keys.all, expired: Math.max((record.data?.keys ?? 0) - keys.all, 0) },
      dirty: true,
      finishedAt: rfc3339(now),
    });
  }
  if (pod && isCrashing(pod))
    return write({
      ...record,
      phase: 'Undoing',
      attempts: 0,
      message: `Redis does not start with the backup: ${lastWords(pod)}`,
    });
  return step('Redis reads the backup');
}

function lastWords(pod: Pod): string {
  const ended = ownStatus(pod)?.state?.terminated ?? ownStatus(pod)?.lastState?.terminated;
  if (ended?.reason === 'OOMKilled') return 'its memory is too small for the data; raise spec.memory';
  const words = (ended?.message ?? '').trim().split('\n').slice(-2).join(' ').slice(-300);
  return words || `it ended with exit code ${ended?.exitCode ?? 'unknown'}`;
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
function tryAgain({ store, now }: RestoreInput, record: RestoreRecord): RestoreDecision {
  const isEdited = store.metadata.generation !== record.generation;
  const isDue = record.retryAt !== undefined && now.getTime() >= Date.parse(record.retryAt);
  const { retryAt: _, generation: __, finishedAt: ___, data: ____, ...rest } = record;
  if (isEdited || isDue) return write({ ...rest, phase: 'Fetching', attempts: isEdited ? 0 : record.attempts });
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

function retry(record: RestoreRecord, message: string, now: Date): RestoreDecision {
  return write({ ...pause(record, now), message });
}

function pause(record: RestoreRecord, now: Date): RestoreRecord {
  const ms = Math.min(FIRST_PAUSE_MS * 2 ** record.attempts, LONGEST_PAUSE_MS);
  return { ...record, attempts: record.attempts + 1, retryAt: rfc3339(new Date(now.getTime() + ms)) };
}

function pausing({ attempts, message }: RestoreRecord): boolean {
  return attempts > 0 && message !== undefined;
}

function lastTry({ message = '' }: RestoreRecord): Finding<'RestoreFailed'> {
  return { reason: 'RestoreFailed', message: `${message}; it is tried again` };
}
