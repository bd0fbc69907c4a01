import type { KVStore } from '../../contract/objects.ts';
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
}

/** The view of a store; `keys` is what its Redis counts, null where it was not asked or did not answer. */
export function viewStore(store: KVStore, keys: number | null): StatusView {
  const { metadata, spec, status = {} } = store;
  const seen = status.observedGeneration === metadata.generation;
  const isReady = status.conditions?.some(({ type, status: holds }) => type === 'Ready' && holds === 'True');
  const { enabled } = spec;
  return {
    enabled,
    healthy: enabled && isReady === true,
    version: status.version ?? spec.version ?? null,
    docker_image: status.image ?? spec.image ?? null,
    project_id: claimedProject(store),
    phase: phaseOf(status.phase, seen),
    max_memory: redisMemoryOf(spec.memory),
    used_memory: enabled ? (status.memory?.used ?? null) : null,
    persistence: isPersistent(spec),
    keys,
  };
}

/** The view of a project that has no store. */
export function viewAbsent(project: string | null): StatusView {
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
  };
}

/** What the operator said of an earlier spec is not how the store is by this one. */
function phaseOf(phase: string | undefined, seen: boolean): string {
  if (phase === undefined) return 'Pending';
  return seen ? phase : 'Progressing';
}
