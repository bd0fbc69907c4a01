import type { Verdict } from './finding.ts';
import type { StoreFacts } from './store-facts.ts';

/** Why a store is ready or not. */
export type ReadyReason =
  | 'Serving'
  | 'PodReady'
  | 'Hibernated'
  | 'ProjectIdConflict'
  | 'ProjectIdInvalid'
  | 'ProjectIdReserved'
  | 'Loading'
  | 'ReadOnly'
  | 'NotReady'
  | 'Unavailable';

/** Whether the store answers requests now: its pod is ready and Redis answered the operator. */
export function ready(facts: StoreFacts): Verdict<ReadyReason> {
  const [holds, reason, message] = judge(facts);
  return { type: 'Ready', status: holds ? 'True' : 'False', reason, message };
}

function judge({
  store,
  refusals,
  troubles,
  steps,
  redis,
  podReady,
  podExists,
}: StoreFacts): [boolean, ReadyReason, string] {
  for (const reason of ['ProjectIdInvalid', 'ProjectIdReserved', 'ProjectIdConflict'] as const) {
    const refusal = refusals.find((candidate) => candidate.reason === reason);
    if (refusal) return [false, reason, refusal.message];
  }
  if (!store.spec.enabled) {
    const how = podExists ? 'Redis is being stopped and its data kept' : 'Redis is stopped and its data kept';
    return [false, 'Hibernated', `${how}; spec.enabled: true wakes it`];
  }
  // The kubelet's probe fails for the same reason, a little later.
  if (redis.state === 'answering' && redis.readOnly)
    return [false, 'ReadOnly', 'Redis answers reads and refuses writes, as Degraded says'];
  if (store.status?.topology === undefined && steps.some(({ reason }) => reason === 'JoiningShards'))
    return [false, 'NotReady', 'the shards are not one cluster yet'];
  if (podReady && redis.state === 'answering') return [true, 'Serving', `Redis ${redis.version} answers`];
  if (podReady && redis.state === 'unreachable') {
    return [true, 'PodReady', `the pod is ready by its probe; the operator itself could not ask Redis: ${redis.why}`];
  }
  if (redis.state === 'loading') return [false, 'Loading', 'Redis is reading its data from disk'];
  // A plan and a shell say nothing of Redis.
  const trouble = [...troubles, ...refusals].find(
    ({ reason }) => reason !== 'PlanUnknown' && reason !== 'ShellRefused',
  );
  if (trouble) return [false, 'Unavailable', trouble.message];
  return [false, 'NotReady', redis.state === 'absent' ? 'the pod is not running yet' : 'the pod is not ready yet'];
}
