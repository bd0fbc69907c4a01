import type { KVStoreStatus } from '../../contract/kvstore.gen.ts';
import { REDIS_PORT, serviceHost } from '../../contract/names.ts';
import { toConditions } from './conditions.ts';
import { type CredentialReport, credentialStatus } from './credentials.ts';
import { degraded } from './degraded.ts';
import { phase } from './phase.ts';
import { progressing } from './progressing.ts';
import { ready } from './ready.ts';
import { specAccepted } from './spec-accepted.ts';
import type { StoreFacts } from './store-facts.ts';

/** What is reported beside the conditions. */
export interface StoreReport {
  image: string | undefined;
  /** Bytes, as Redis says; absent while it cannot be asked. */
  memory: { limit: number; used: number } | undefined;
  /** What the volume claim asks for; absent where there is none. */
  volumeSize?: string | undefined;
  /** Name of the Secret by which programs sign in to Redis. */
  binding?: string | undefined;
  credentials?: CredentialReport | undefined;
  /** Keys that Redis had when it was stopped to hibernate. */
  keptKeys?: number | undefined;
  restore?: KVStoreStatus['restore'];
  topology?: KVStoreStatus['topology'];
  members?: KVStoreStatus['members'];
  failover?: KVStoreStatus['failover'];
}

/** Share of the limit by which used memory must move to be written again: else every look would be a write. */
const USED_STEP = 1 / 20;

/** The whole status of a store. Equal facts give an equal status. */
export function storeStatus(facts: StoreFacts, report: StoreReport, now: Date): KVStoreStatus {
  const { store, projectId, limits, redis } = facts;
  const { namespace, name, generation } = store.metadata;
  const before = store.status;
  const version = redis.state === 'answering' ? redis.version : before?.version;
  const image = report.image ?? before?.image;
  const memory = settleMemory(before?.memory, report.memory);
  const nativeAccessSince = before?.nativeAccessSince;
  const restore = report.restore ?? before?.restore;
  const credentials = credentialStatus(before, report.credentials ?? {}, now);
  const verdicts = [ready(facts), progressing(facts), degraded(facts), specAccepted(facts)];
  return {
    observedGeneration: generation,
    phase: phase(facts),
    ...(projectId !== undefined && { projectId }),
    ...(version !== undefined && { version }),
    ...(image !== undefined && { image }),
    credentialGeneration: before?.credentialGeneration ?? 1,
    ...(credentials && { credentials }),
    endpoint: { host: serviceHost(namespace, name), port: REDIS_PORT },
    ...(nativeAccessSince !== undefined && { nativeAccessSince }),
    ...(report.binding !== undefined && { binding: { name: report.binding } }),
    ...(report.keptKeys !== undefined && { keptKeys: report.keptKeys }),
    ...(report.volumeSize !== undefined && { volume: { size: report.volumeSize } }),
    ...(memory && { memory }),
    ...(restore && { restore }),
    ...(report.topology && { topology: report.topology }),
    ...(report.members && { members: report.members }),
    ...(report.failover && { failover: report.failover }),
    ...(limits && { limits }),
    conditions: toConditions(verdicts, before?.conditions, generation, now),
  };
}

function settleMemory(before: KVStoreStatus['memory'], now: StoreReport['memory']): KVStoreStatus['memory'] {
  if (!now) return before;
  if (before?.limit !== now.limit || before.used === undefined) return now;
  return Math.abs(now.used - before.used) >= now.limit * USED_STEP ? now : before;
}
