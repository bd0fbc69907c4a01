import type { Condition, KVStore } from '../../contract/objects.ts';
import { claimedProject } from '../../contract/projects.ts';
import { redisMemoryOf } from './memory.ts';
import { isPersistent } from './wish.ts';

/** How a project's store is, as the management calls show it. */
export interface StatusView {
  enabled: boolean;
  healthy: boolean;
  version: string | null;
  docker_image: string | null;
  project_id: string | null;
  phase: string | null;
  max_memory: string | null;
  used_memory: number | null;
  persistence: boolean | null;
  keys: number | null;
  namespace: string | null;
  name: string | null;
  manageable: boolean;
  reads: string | null;
  topology: TopologyView | null;
  members: readonly MemberView[];
  restore: RestoreView | null;
  plan: string | null;
  limits: LimitsView | null;
  conditions: readonly ConditionView[];
  requested: RequestedView | null;
}

/** The limits in force; null means that there is none. */
interface LimitsView {
  requests_per_second: number | null;
  burst: number | null;
  tokens_per_month: string | null;
}

interface TopologyView {
  mode: 'Standalone' | 'Replicated' | 'Sharded';
  members: number;
}

/** One Redis of a store that has several. */
interface MemberView {
  name: string;
  role: 'Primary' | 'Replica' | 'Shard' | null;
  ready: boolean;
  node: string | null;
  linked: boolean | null;
  lag_bytes: number | null;
  slots: number | null;
}

/** The restore that was last begun. */
interface RestoreView {
  phase: NonNullable<NonNullable<KVStore['status']>['restore']>['phase'];
  keys: number | null;
  expected_keys: number | null;
  sha256: string | null;
  bytes: number | null;
  finished_at: string | null;
  message: string | null;
}

interface ConditionView {
  type: string;
  status: string;
  reason: string;
  message: string;
  last_transition_time: string;
}

/** What the spec asks for, so that it can be told from what runs. */
interface RequestedView {
  version: string | null;
  docker_image: string | null;
  max_memory: string;
  persistence: boolean;
  enabled: boolean;
}

/** What a view shows that is not in the store's object. */
export interface Surroundings {
  /** What Redis counts; null where it was not asked or did not answer. */
  keys: number | null;
  /** Whether whoever looks may change the store over the API. */
  manageable: boolean;
}

/** The view of a store. */
export function viewStore(store: KVStore, { keys, manageable }: Surroundings): StatusView {
  const { metadata, spec, status = {} } = store;
  const isReady = status.conditions?.some(({ type, status: holds }) => type === 'Ready' && holds === 'True');
  const { enabled } = spec;
  return {
    enabled,
    healthy: enabled && isReady === true,
    version: status.version ?? spec.version ?? null,
    docker_image: status.image ?? spec.image ?? null,
    project_id: claimedProject(store),
    phase: phaseOf(store),
    max_memory: redisMemoryOf(spec.memory),
    used_memory: enabled ? (status.memory?.used ?? null) : null,
    persistence: isPersistent(spec),
    keys,
    namespace: metadata.namespace,
    name: metadata.name,
    manageable,
    reads: spec.reads,
    topology: status.topology ?? { mode: 'Standalone', members: 1 },
    members: (status.members ?? []).map(viewMember),
    restore: viewRestore(status.restore),
    plan: spec.plan ?? null,
    limits: viewLimits(status.limits),
    conditions: (status.conditions ?? []).map(viewCondition),
    requested: {
      version: spec.version ?? null,
      docker_image: spec.image ?? null,
      max_memory: redisMemoryOf(spec.memory),
      persistence: isPersistent(spec),
      enabled,
    },
  };
}

/** The view of a project that has no store. */
export function viewAbsent(project: string | null, manageable: boolean): StatusView {
  return {
    enabled: false,
    healthy: false,
    version: null,
    docker_image: null,
    project_id: project,
    phase: null,
    max_memory: null,
    used_memory: null,
    persistence: null,
    keys: null,
    namespace: null,
    name: null,
    manageable,
    reads: null,
    topology: null,
    members: [],
    restore: null,
    plan: null,
    limits: null,
    conditions: [],
    requested: null,
  };
}

/** status.phase; what the operator said of an earlier spec is not how the store is by this one. */
export function phaseOf({ metadata, status = {} }: KVStore): NonNullable<NonNullable<KVStore['status']>['phase']> {
  if (status.phase === undefined) return 'Pending';
  return status.observedGeneration === metadata.generation ? status.phase : 'Progressing';
}

function viewLimits(limits: NonNullable<KVStore['status']>['limits'] = {}): LimitsView | null {
  const { requestsPerSecond = null, burst = null, tokensPerMonth = null } = limits;
  if (requestsPerSecond === null && tokensPerMonth === null) return null;
  return { requests_per_second: requestsPerSecond, burst, tokens_per_month: tokensPerMonth };
}

function viewCondition({ type, status, reason, message, lastTransitionTime }: Condition): ConditionView {
  return { type, status, reason, message, last_transition_time: lastTransitionTime };
}

function viewMember(member: NonNullable<NonNullable<KVStore['status']>['members']>[number]): MemberView {
  const { name, role = null, ready, node = null, linked = null, lagBytes = null, slots = null } = member;
  return { name, role, ready, node, linked, lag_bytes: lagBytes, slots };
}

function viewRestore(restore: NonNullable<KVStore['status']>['restore']): RestoreView | null {
  if (!restore) return null;
  const { phase, keys = null, expectedKeys = null, sha256 = null, bytes = null, finishedAt, message = null } = restore;
  const finished = finishedAt === undefined ? null : new Date(finishedAt).toISOString();
  return { phase, keys, expected_keys: expectedKeys, sha256, bytes, finished_at: finished, message };
}
