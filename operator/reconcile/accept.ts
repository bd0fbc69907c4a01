import { parseQuantity } from '../../contract/quantity.ts';
import { readTenantConfig, TENANT_DIRECTIVES } from '../resources/directives.ts';
import type { Accepted } from '../resources/plan.ts';
import type { Finding } from '../status/finding.ts';
import type { RefusalReason, StepReason } from '../status/store-facts.ts';
import { acceptRestart, type RestartAcceptance } from './accept-restart.ts';
import type { Settings } from './context.ts';
import type { Observed } from './observe.ts';

/** What of spec is taken over, and what is to be tried or said of the rest. */
export interface Acceptance {
  /** Absent where the store has never been accepted and cannot be now: it gets no StatefulSet. */
  accepted: Accepted | undefined;
  catalogueVersion: string | undefined;
  preflight: RestartAcceptance['preflight'];
  refusals: Finding<RefusalReason>[];
  steps: Finding<StepReason>[];
}

/** Decides what of spec is taken over. Pure: the same snapshot gives the same answer. */
export function accept(observed: Observed, settings: Pick<Settings, 'versions'>, now: Date): Acceptance {
  const restart = acceptRestart(observed, settings.versions, now);
  const memory = acceptMemory(observed);
  const config = acceptConfig(observed);
  const refusals = [...restart.refusals, ...memory.refusals, ...config.refusals];
  const { inputs, catalogueVersion, preflight, steps } = restart;
  const accepted = inputs && { ...inputs, memory: memory.bytes, config: config.values };
  return { accepted, catalogueVersion, preflight, refusals, steps };
}

/** Memory below what the data takes would, under noeviction, refuse every write: the old limit stays until there is room. */
function acceptMemory({ store, accepted, redis }: Observed): { bytes: number; refusals: Finding<'ShrinkRefused'>[] } {
  const wanted = Math.floor(parseQuantity(store.spec.memory));
  // Where the StatefulSet was deleted, what Redis last said takes its place.
  const before = accepted?.memory ?? store.status?.memory?.limit ?? wanted;
  if (wanted >= before || store.spec.evictionPolicy !== 'noeviction') return { bytes: wanted, refusals: [] };
  const used = redis && 'look' in redis ? redis.look.info.usedMemory : (store.status?.memory?.used ?? 0);
  if (used <= wanted) return { bytes: wanted, refusals: [] };
  const message = `spec.memory ${store.spec.memory} is less than the ${used} bytes in use; delete keys, raise spec.memory, or choose an evictionPolicy that may drop keys. The limit stays at ${before} bytes`;
  return { bytes: before, refusals: [{ reason: 'ShrinkRefused', message }] };
}

/** redis.conf gets only what a running Redis has taken, so that a value out of range never keeps it from starting. */
function acceptConfig({ store, accepted, redis }: Observed): {
  values: Record<string, string>;
  refusals: Finding<'ConfigNotAllowed' | 'ConfigInvalid'>[];
} {
  const { values: wanted, unknown, malformed } = readTenantConfig(store.spec.config);
  const live = redis && 'look' in redis ? redis.look.config : {};
  const values: Record<string, string> = {};
  for (const [name, value] of Object.entries(wanted)) {
    const old = accepted?.config[name];
    if (live[name] === value || old === value) values[name] = value;
    else if (old !== undefined) values[name] = old;
  }
  for (const { name } of malformed) {
    const old = accepted?.config[name];
    if (old !== undefined) values[name] = old;
  }
  const refusals: Finding<'ConfigNotAllowed' | 'ConfigInvalid'>[] = malformed.map(({ name, remedy }) => ({
    reason: 'ConfigInvalid',
    message: `spec.config: the value of ${name} is not taken over; ${remedy}`,
  }));
  if (unknown.length > 0) {
    const allowed = Object.keys(TENANT_DIRECTIVES).join(', ');
    const message = `spec.config: ${unknown.join(', ')} may not be set; allowed are ${allowed}`;
    refusals.unshift({ reason: 'ConfigNotAllowed', message });
  }
  return { values, refusals };
}
