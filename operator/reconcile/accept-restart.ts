import { CATALOGUE_VERSION_ANNOTATION } from '../../contract/labels.ts';
import {
  type Accepted,
  DATA_VERSION_ANNOTATION,
  type RestartInputs,
  restartHash,
  type Size,
} from '../resources/plan.ts';
import type { PreflightOptions } from '../resources/preflight-pod.ts';
import type { Finding } from '../status/finding.ts';
import { isReady, isRunning } from '../status/pod.ts';
import type { RefusalReason, StepReason } from '../status/store-facts.ts';
import { wantedImage } from './image.ts';
import type { Observed } from './observe.ts';
import { readPreflight } from './preflight.ts';
import { resourceGrowth } from './resize.ts';
import { failedToStart, lastGood } from './rollback.ts';
import { isOlder } from './versions.ts';

/** What only a restart can change, as far as it is taken over. */
export interface RestartAcceptance {
  /** Absent where nothing was ever taken over. */
  inputs: Pick<Accepted, 'image' | 'scheduling' | 'size' | 'replicated' | 'previous' | 'rejected'> | undefined;
  /** The size to go back to, where what was taken over is given up. */
  oldSize?: Size | undefined;
  catalogueVersion: string | undefined;
  /** The preflight pod that should exist: `keep` the one that does, start one for these inputs, or none. */
  preflight: 'keep' | 'none' | (RestartInputs & Pick<PreflightOptions, 'node' | 'growth'>);
  refusals: Finding<RefusalReason>[];
  steps: Finding<StepReason>[];
}

/**
 * Image and scheduling, and `newSize` where only a new container can have it: taken over at once where nothing can be
 * lost, else when a preflight pod has shown that they work; and given up again where Redis does not start with them all
 * the same.
 */
export function acceptRestart(
  observed: Observed,
  catalogue: Readonly<Record<string, string>>,
  now: Date,
  newSize?: Size,
): RestartAcceptance {
  const { store, accepted, pod } = observed;
  const found = wantedImage(observed, catalogue);
  if (found.refusal) return stay(observed, [found.refusal]);
  const size = newSize ?? accepted?.size;
  const wanted: RestartInputs = {
    image: found.image,
    scheduling: store.spec.scheduling ?? {},
    ...(size && { size }),
    ...((accepted?.replicated || store.spec.replicas > 1) && { replicated: true }),
  };
  const hash = restartHash(wanted);
  if (accepted?.rejected === hash) return stay(observed, [rolledBack(wanted.image)]);
  const take = (preflight: RestartAcceptance['preflight'] = 'none'): RestartAcceptance => {
    const previous = lastGood(observed, wanted);
    const inputs = { ...wanted, ...(previous && { previous }) };
    return { inputs, catalogueVersion: found.version, preflight, refusals: [], steps: [] };
  };
  if (accepted && restartHash(accepted) === hash) return failedToStart(observed, now) ? goBack(observed, hash) : take();

  const floor = dataVersion(observed);
  const newImage = accepted?.image !== wanted.image;
  if (newImage && floor && found.version && isOlder(found.version, floor))
    return stay(observed, [downgrade(found.version, floor)]);
  // A catalogue's version says what the image is; where there is no pod to protect that is all there is to know.
  const serves = pod !== undefined && isRunning(pod);
  const mustTry = serves || (newImage && floor !== undefined && found.version === undefined);
  if (!mustTry) return take();

  const result = readPreflight(observed.preflight, wanted, now);
  if (result.state === 'failed') return stay(observed, [result.refusal], 'keep');
  if (result.state === 'passed') {
    const refused = newImage && floor !== undefined && isOlder(result.version, floor);
    return refused ? stay(observed, [downgrade(result.version, floor)], 'keep') : take('keep');
  }
  const sameScheduling = accepted !== undefined && restartHash({ ...wanted, scheduling: accepted.scheduling }) === hash;
  const node = sameScheduling && pod && isReady(pod) ? pod.spec.nodeName : undefined;
  const refused =
    result.state === 'running' && result.why ? `; its node ended the trial, which is repeated: ${result.why}` : '';
  const message = `trying ${wanted.image} before Redis is restarted${refused}`;
  const growth = newSize && pod && { growth: resourceGrowth(pod, newSize, store.spec.persistence.mode) };
  const trial = { ...wanted, node, ...growth };
  const preflight = result.state === 'missing' ? trial : result.state === 'running' ? 'keep' : 'none';
  return { ...stay(observed, [], preflight), steps: [{ reason: 'Checking', message }] };
}

function stay(
  { accepted, statefulSet, pod }: Observed,
  refusals: Finding<RefusalReason>[],
  preflight: RestartAcceptance['preflight'] = 'none',
): RestartAcceptance {
  const catalogueVersion = (statefulSet ?? pod)?.metadata.annotations?.[CATALOGUE_VERSION_ANNOTATION];
  return { inputs: accepted, catalogueVersion, preflight, refusals, steps: [] };
}

function goBack({ accepted }: Observed, rejected: string): RestartAcceptance {
  const { image = '', scheduling = {}, size, memory, cpu = {}, catalogueVersion } = accepted?.previous ?? {};
  const refusals = [rolledBack(accepted?.image ?? '')];
  return {
    inputs: { image, scheduling, ...(size && { size }), ...(accepted?.replicated && { replicated: true }), rejected },
    oldSize: memory === undefined ? undefined : { memory, cpu },
    catalogueVersion,
    preflight: 'none',
    refusals,
    steps: [],
  };
}

function rolledBack(image: string): Finding<'RolledBack'> {
  const message = `Redis did not start with ${image} and the scheduling and size of spec, so it runs as before; correct spec.image, spec.version, spec.scheduling, spec.memory or spec.resources`;
  return { reason: 'RolledBack', message };
}

/** The newest Redis that may have written data of the store: of several, some may have been upgraded and others not yet. */
function dataVersion(observed: Observed): string | undefined {
  const { store, members } = observed;
  if (store.spec.persistence.mode === 'none') return undefined;
  const versions = [observed, ...members].flatMap(({ redis, claim }) => {
    const running = redis && 'look' in redis ? redis.look.info.version : undefined;
    return running ?? claim?.metadata.annotations?.[DATA_VERSION_ANNOTATION] ?? [];
  });
  if (versions.length === 0) return store.status?.version;
  return versions.reduce((newest, version) => (isOlder(newest, version) ? version : newest));
}

function downgrade(wanted: string, floor: string): Finding<'DowngradeRefused'> {
  const message = `Redis ${wanted} cannot read the data of Redis ${floor}; set spec.version or spec.image to ${floor.split('.').slice(0, 2).join('.')} or newer; nothing is changed until then`;
  return { reason: 'DowngradeRefused', message };
}
