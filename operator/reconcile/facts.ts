import type { Finding } from '../status/finding.ts';
import { isReady, isTerminating } from '../status/pod.ts';
import type { Findings, RedisState, StoreFacts } from '../status/store-facts.ts';
import type { Observed } from './observe.ts';

/**
 * What the conditions are made from: the snapshot and what the parts of the reconcile found. `beside` are the limits and
 * the refusals that say nothing of Redis.
 */
export function collectFacts(
  observed: Observed,
  beside: Pick<StoreFacts, 'limits' | 'refusals'>,
  parts: readonly Partial<Findings>[],
): StoreFacts {
  const { store, project, pod } = observed;
  const podReady = pod !== undefined && isReady(pod) && !isTerminating(pod);
  const redis = redisState(observed.redis);
  const collected = {
    refusals: [
      ...(project.refusal ? [project.refusal] : []),
      ...once(parts.flatMap((part) => part.refusals ?? [])),
      ...beside.refusals,
    ],
    troubles: once(parts.flatMap((part) => part.troubles ?? [])),
    steps: once(parts.flatMap((part) => part.steps ?? [])),
  };
  return {
    store,
    projectId: project.id,
    limits: beside.limits,
    podReady,
    podExists: pod !== undefined,
    redis,
    ...collected,
    steps: [
      ...collected.steps,
      ...ownSteps(observed, podReady, redis, collected.refusals.length > beside.refusals.length),
    ],
  };
}

/** What several members say in the same words is told once. */
function once<T extends Finding>(findings: readonly T[]): T[] {
  return [...new Map(findings.map((finding) => [finding.message, finding])).values()];
}

function redisState(redis: Observed['redis']): RedisState {
  if (!redis) return { state: 'absent' };
  if (!('look' in redis)) return redis.down ? { state: 'down' } : { state: 'unreachable', why: redis.failure };
  const { info, writeError } = redis.look;
  if (info.loading) return { state: 'loading' };
  return { state: 'answering', version: info.version, readOnly: writeError !== undefined };
}

/** The way to a running pod or to none, which no part of the reconcile owns. */
function ownSteps(
  { store, statefulSet, pod }: Observed,
  podReady: boolean,
  redis: RedisState,
  refused: boolean,
): StoreFacts['steps'] {
  if (!store.spec.enabled)
    return pod ? [{ reason: 'Hibernating', message: 'Redis is being stopped, its data is kept' }] : [];
  if (redis.state === 'loading') return [{ reason: 'Loading', message: 'Redis is reading its data from disk' }];
  if (podReady && redis.state !== 'down') return [];
  if (!statefulSet && refused) return [];
  return statefulSet && store.status?.version
    ? [{ reason: 'Starting', message: 'Redis is starting' }]
    : [{ reason: 'Creating', message: "the store's objects are made and Redis starts for the first time" }];
}
