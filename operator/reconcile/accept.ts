import { CATALOGUE_VERSION_ANNOTATION } from '../../contract/labels.ts';
import { parseQuantity } from '../../contract/quantity.ts';
import { readTenantConfig, TENANT_DIRECTIVES } from '../resources/directives.ts';
import { type Accepted, DATA_VERSION_ANNOTATION, type RestartInputs, restartHash } from '../resources/plan.ts';
import type { Finding } from '../status/finding.ts';
import { isReady, isRunning } from '../status/pod.ts';
import type { RefusalReason, StepReason } from '../status/store-facts.ts';
import type { Settings } from './context.ts';
import { wantedImage } from './image.ts';
import type { Observed } from './observe.ts';
import { readPreflight } from './preflight.ts';
import { isOlder } from './versions.ts';

/** What of spec is taken over, and what is to be tried or said of the rest. */
export interface Acceptance {
  /** Absent where the store has never been accepted and cannot be now: it gets no StatefulSet. */
  accepted: Accepted | undefined;
  catalogueVersion: string | undefined;
  /** The preflight pod that should exist: `keep` the one that does, start one for these inputs, or none. */
  preflight: 'keep' | 'none' | (RestartInputs & { node: string | undefined });
  refusals: Finding<RefusalReason>[];
  steps: Finding<StepReason>[];
}

/** Decides what of spec is taken over. Pure: the same snapshot gives the same answer. */
export function accept(observed: Observed, settings: Pick<Settings, 'versions'>, now: Date): Acceptance {
  const restart = acceptRestart(observed, settings, now);
  const memory = acceptMemory(observed);
  const config = acceptConfig(observed);
  const refusals = [...restart.refusals, ...memory.refusals, ...config.refusals];
  const accepted = restart.inputs && { ...restart.inputs, memory: memory.bytes, config: config.values };
  return {
    accepted,
    catalogueVersion: restart.catalogueVersion,
    preflight: restart.preflight,
    refusals,
    steps: restart.steps,
  };
}

interface RestartAcceptance extends Pick<Acceptance, 'catalogueVersion' | 'preflight' | 'refusals' | 'steps'> {
  inputs: RestartInputs | undefined;
}

/** Image and scheduling: taken over at once where nothing can be lost, else when a preflight pod has shown that they work. */
function acceptRestart(observed: Observed, { versions }: Pick<Settings, 'versions'>, now: Date): RestartAcceptance {
  const { store, accepted, pod } = observed;
  const before: RestartInputs | undefined = accepted && { image: accepted.image, scheduling: accepted.scheduling };
  const takenFor = keptVersion(observed);
  const stay = (
    refusals: Finding<RefusalReason>[],
    preflight: Acceptance['preflight'] = 'none',
  ): RestartAcceptance => ({
    inputs: before,
    catalogueVersion: takenFor,
    preflight,
    refusals,
    steps: [],
  });
  const found = wantedImage(observed, versions);
  if (found.refusal) return stay([found.refusal]);
  const wanted: RestartInputs = { image: found.image, scheduling: store.spec.scheduling ?? {} };
  const take = (preflight: Acceptance['preflight'] = 'none'): RestartAcceptance => ({
    inputs: wanted,
    catalogueVersion: found.version,
    preflight,
    refusals: [],
    steps: [],
  });
  if (before && restartHash(before) === restartHash(wanted)) return take();

  const floor = dataVersion(observed);
  const newImage = before?.image !== wanted.image;
  if (newImage && floor && found.version && isOlder(found.version, floor))
    return stay([downgrade(found.version, floor)]);
  // A catalogue's version says what the image is; where there is no pod to protect that is all there is to know.
  const serves = pod !== undefined && isRunning(pod);
  const mustTry = serves || (newImage && floor !== undefined && found.version === undefined);
  if (!mustTry) return take();

  const result = readPreflight(observed.preflight, wanted, now);
  if (result.state === 'failed') return stay([result.refusal], 'keep');
  if (result.state === 'passed') {
    const refused = newImage && floor !== undefined && isOlder(result.version, floor);
    return refused ? stay([downgrade(result.version, floor)], 'keep') : take('keep');
  }
  const sameScheduling =
    before !== undefined && restartHash({ ...before, image: wanted.image }) === restartHash(wanted);
  const node = sameScheduling && pod && isReady(pod) ? pod.spec.nodeName : undefined;
  const message = `trying ${wanted.image} before Redis is restarted`;
  const preflight = result.state === 'missing' ? { ...wanted, node } : result.state === 'running' ? 'keep' : 'none';
  return { ...stay([], preflight), steps: [{ reason: 'Checking', message }] };
}

function keptVersion({ statefulSet }: Observed): string | undefined {
  return statefulSet?.metadata.annotations?.[CATALOGUE_VERSION_ANNOTATION];
}

/** The newest Redis that may have written the store's data. */
export function dataVersion({ store, claim, redis }: Pick<Observed, 'store' | 'claim' | 'redis'>): string | undefined {
  if (store.spec.persistence.mode === 'none') return undefined;
  const running = redis && 'look' in redis ? redis.look.info.version : undefined;
  return running ?? claim?.metadata.annotations?.[DATA_VERSION_ANNOTATION] ?? store.status?.version;
}

function downgrade(wanted: string, floor: string): Finding<'DowngradeRefused'> {
  const message = `Redis ${wanted} cannot read the data of Redis ${floor}; set spec.version or spec.image to ${floor.split('.').slice(0, 2).join('.')} or newer; nothing is changed until then`;
  return { reason: 'DowngradeRefused', message };
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
