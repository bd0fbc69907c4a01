import { isDeepStrictEqual } from 'node:util';
import { readTenantConfig, TENANT_DIRECTIVES } from '../resources/directives.ts';
import type { Accepted, Size } from '../resources/plan.ts';
import type { Finding } from '../status/finding.ts';
import type { RefusalReason, StepReason } from '../status/store-facts.ts';
import { acceptRestart, type RestartAcceptance } from './accept-restart.ts';
import { acceptSize, needsNewContainer, wantedSize } from './accept-size.ts';
import type { Settings } from './context.ts';
import type { Observed } from './observe.ts';

/** What of spec is taken over, and what is to be tried or said of the rest. */
export interface Acceptance {
  /** Absent where the store has never been accepted and cannot be now: it gets no StatefulSet. */
  accepted: Accepted | undefined;
  /** The size that the running container is asked to take on before it is accepted. */
  asked: Size | undefined;
  catalogueVersion: string | undefined;
  preflight: RestartAcceptance['preflight'];
  refusals: Finding<RefusalReason>[];
  steps: Finding<StepReason>[];
}

/** Decides what of spec is taken over. Pure: the same snapshot gives the same answer. */
export function accept(observed: Observed, settings: Pick<Settings, 'versions'>, now: Date): Acceptance {
  const wanted = wantedSize(observed);
  const newSize = needsNewContainer(observed, wanted.size) ? wanted.size : undefined;
  const restart = acceptRestart(observed, settings.versions, now, newSize);
  const { size, asked } = restart.oldSize
    ? { size: restart.oldSize, asked: undefined }
    : acceptSize(observed, wanted.size, newSize && restart.inputs?.size);
  const config = acceptConfig(observed);
  const refusals = [...restart.refusals, ...wanted.refusals, ...config.refusals];
  const { inputs, catalogueVersion, preflight, steps } = restart;
  const cpu = Object.keys(size.cpu).length > 0 && { cpu: size.cpu };
  // A size that was given up is not tried again while another one runs in its place.
  const isWaiting = !isDeepStrictEqual(size, wanted.size);
  const rejected = inputs?.rejected ?? (isWaiting ? observed.accepted?.rejected : undefined);
  const accepted = inputs && {
    ...inputs,
    memory: size.memory,
    ...cpu,
    config: config.values,
    ...(rejected !== undefined && { rejected }),
  };
  return { accepted, asked, catalogueVersion, preflight, refusals, steps };
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
