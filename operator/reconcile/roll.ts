import { RESTART_HASH_ANNOTATION } from '../../contract/labels.ts';
import type { KVStore } from '../../contract/objects.ts';
import type { Finding } from '../status/finding.ts';
import { isRunning, isTerminating } from '../status/pod.ts';
import type { StepReason } from '../status/store-facts.ts';
import type { Observed } from './observe.ts';

/** What a decision about the pod is made from. */
export interface RollInput extends Pick<Observed, 'pod' | 'redis'> {
  /** The restart hash of the StatefulSet's template as it was applied. */
  templateHash: string | undefined;
  mode: 'aof' | 'rdb' | 'none';
  /** Whether the StatefulSet's controller has seen the template: before that it would make the old pod again. */
  templateSeen: boolean;
  /** Whether the pod's resources are those of the template. */
  sameResources: boolean;
  /** Whether the pod was made from the template as it is now; an admission plugin may have changed it all the same. */
  sameRevision: boolean;
  /** Whether the status tells that Redis is about to be restarted. */
  announced: boolean;
}

/** What to do with the pod now. */
export type RollDecision =
  | { action: 'keep' }
  | { action: 'wait' | 'save' | 'replace'; step: Finding<StepReason> }
  /** What it waits for failed, and is tried again for `retry`. */
  | { action: 'refuse' | 'retry'; trouble: Finding<'SaveFailed'> };

type Check = (input: RollInput) => RollDecision | undefined;

/** A snapshot younger than this many seconds is recent enough: writes after it are saved again when Redis ends. */
const FRESH_SECONDS = 60;

const keep: RollDecision = { action: 'keep' };
const act = (action: 'wait' | 'save' | 'replace', reason: StepReason, message: string): RollDecision => ({
  action,
  step: { reason, message },
});

const noPod: Check = ({ pod }) => (pod ? undefined : keep);
const podEnds: Check = ({ pod }) =>
  pod && isTerminating(pod) ? act('wait', 'Restarting', 'the old pod is ending') : undefined;
const podIsAsWanted: Check = ({ pod, templateHash, sameResources, sameRevision }) => {
  if (pod?.metadata.annotations?.[RESTART_HASH_ANNOTATION] !== templateHash) return undefined;
  // A running pod is resized in place; one that does not run is made anew, unless that would give the same again.
  return sameResources || sameRevision || (pod && isRunning(pod)) ? keep : undefined;
};
const templateNotSeen: Check = ({ templateSeen }) =>
  templateSeen ? undefined : act('wait', 'Restarting', 'waiting for the StatefulSet controller');
const nothingRuns: Check = ({ pod }) =>
  pod && !isRunning(pod) ? act('replace', 'Restarting', 'replacing a pod that does not run') : undefined;
const nothingToSave: Check = ({ mode }) =>
  mode === 'none' ? act('replace', 'Restarting', 'restarting Redis') : undefined;
const redisSilent: Check = ({ redis }) =>
  redis && 'look' in redis
    ? undefined
    : act('wait', 'Saving', 'Redis must answer before it is restarted, to save its data');
const redisLoads: Check = ({ redis }) =>
  redis && 'look' in redis && redis.look.info.loading
    ? act('wait', 'Loading', 'Redis reads its data before it is restarted')
    : undefined;
const diskFails = ({ redis, mode }: Pick<RollInput, 'redis' | 'mode'>): RollDecision | undefined => {
  if (!redis || !('look' in redis)) return undefined;
  const { aof, snapshot } = redis.look.info;
  if (mode === 'aof' ? aof.lastWriteOk : snapshot.lastOk || snapshot.running) return undefined;
  const message = 'Redis could not write its data to disk, so it is not stopped; free or grow the volume';
  return { action: 'refuse', trouble: { reason: 'SaveFailed', message } };
};
const notSaved = ({ redis, mode }: Pick<RollInput, 'redis' | 'mode'>): RollDecision | undefined => {
  if (mode !== 'rdb' || !redis || !('look' in redis)) return undefined;
  const { running, changes, ageSeconds } = redis.look.info.snapshot;
  if (running) return act('wait', 'Saving', 'Redis saves its data before it is stopped');
  if (changes === 0 || (ageSeconds !== undefined && ageSeconds <= FRESH_SECONDS)) return undefined;
  return act('save', 'Saving', 'Redis saves its data before it is stopped');
};
const restart: Check = () => act('replace', 'Restarting', 'restarting Redis');

/** Read from the top; the first that speaks decides. */
const checks: readonly Check[] = [
  noPod,
  podEnds,
  podIsAsWanted,
  templateNotSeen,
  nothingRuns,
  nothingToSave,
  redisSilent,
  redisLoads,
  diskFails,
  notSaved,
  restart,
];

/**
 * Decides whether the pod is to be replaced now. Only a changed image or scheduling is a reason, never a new template. A
 * Redis that serves is restarted when the status has told so: who sees that waits for it longer than for one that fails.
 */
export function decideRoll(input: RollInput): RollDecision {
  const { redis, announced } = input;
  for (const check of checks) {
    const decision = check(input);
    if (decision?.action === 'replace' && redis && 'look' in redis && !announced)
      return { action: 'wait', step: decision.step };
    if (decision) return decision;
  }
  return keep;
}

/** Whether a store's status tells that its Redis is about to be restarted, or was. */
export function isAnnounced({ status }: KVStore): boolean {
  const told = status?.conditions?.find(({ type }) => type === 'Progressing');
  return told?.status === 'True' && told.reason === ('Restarting' satisfies StepReason);
}

/** What must come before Redis is stopped for hibernation; nothing where it may be stopped now. */
export function decideStop({ pod, redis, mode }: Pick<RollInput, 'pod' | 'redis' | 'mode'>): RollDecision | undefined {
  if (!pod || isTerminating(pod)) return undefined;
  // What Redis acknowledged last may be in its memory alone.
  if (mode === 'aof') return diskFails({ redis, mode });
  const unsaved = notSaved({ redis, mode });
  const failure = unsaved?.action === 'save' ? diskFails({ redis, mode }) : undefined;
  return failure?.action === 'refuse' ? { ...failure, action: 'retry' } : unsaved;
}
