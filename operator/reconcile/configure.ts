import type { KVStore } from '../../contract/objects.ts';
import { readTenantConfig, withDefaults } from '../resources/directives.ts';
import type { Accepted } from '../resources/plan.ts';
import { liveDirectives, replicasToWrite } from '../resources/redis-conf.ts';
import type { RedisLook } from './look.ts';

/** Persistence is changed apart, in an order of its own. */
const PERSISTENCE = new Set(['appendonly', 'save']);

/**
 * What to set in a running Redis, in order: the eviction policy before maxmemory, so that a smaller limit evicts by the
 * new rule. `maxmemory` is in bytes, as much as the container bears now.
 */
export function directivesToSet(
  store: KVStore,
  accepted: Accepted,
  maxmemory: number,
  { config, info }: RedisLook,
): [string, string][] {
  const { evictionPolicy, persistence, replicas } = store.spec;
  // A value that is malformed leaves the directive as it was.
  const { values, malformed } = readTenantConfig(store.spec.config);
  const kept = Object.fromEntries(malformed.map(({ name }) => [name, config[name] ?? '']));
  const wanted = liveDirectives({
    maxmemory: Math.min(maxmemory, accepted.memory),
    evictionPolicy,
    mode: persistence.mode,
    fsync: persistence.fsync,
    config: { ...withDefaults(values), ...kept },
    // A primary that asks for replicas before it has them would take no write.
    ...(accepted.replicated &&
      (info.replication.role === 'replica' || info.replication.replicas >= replicasToWrite(replicas)) && {
        members: replicas,
      }),
  });
  const order = (name: string) => (name === 'maxmemory-policy' ? 0 : 1);
  return Object.entries(wanted)
    .filter(([name, value]) => !PERSISTENCE.has(name) && name in config && config[name] !== value)
    .sort(([a], [b]) => order(a) - order(b));
}
