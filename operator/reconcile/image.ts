import { CATALOGUE_VERSION_ANNOTATION } from '../../contract/labels.ts';
import type { Finding } from '../status/finding.ts';
import { hasImageTrouble } from '../status/pod-trouble.ts';
import type { Observed } from './observe.ts';

/** The image that spec asks for. `version` is what the catalogue calls it; an image of spec.image has none. */
export type WantedImage =
  | { image: string; version: string | undefined; refusal?: undefined }
  | { image?: undefined; refusal: Finding<'VersionUnknown'> };

/**
 * Finds the image for spec. One that was taken from the catalogue stays while spec.version does and its pod can run it,
 * so that a new catalogue restarts no tenant.
 */
export function wantedImage(
  { store, statefulSet, accepted, pod }: Pick<Observed, 'store' | 'statefulSet' | 'accepted' | 'pod'>,
  catalogue: Readonly<Record<string, string>>,
): WantedImage {
  const { image, version = '' } = store.spec;
  if (image !== undefined) return { image, version: undefined };
  const takenFor = (statefulSet ?? pod)?.metadata.annotations?.[CATALOGUE_VERSION_ANNOTATION];
  const mayStay = store.spec.enabled && !(pod && hasImageTrouble(pod));
  if (accepted && takenFor === version && mayStay) return { image: accepted.image, version };
  const found = Object.hasOwn(catalogue, version) ? catalogue[version] : undefined;
  if (found !== undefined) return { image: found, version };
  const known = Object.keys(catalogue).join(', ');
  const message = `spec.version "${version}" is not in the catalogue of this installation; use one of ${known}, or set spec.image`;
  return { refusal: { reason: 'VersionUnknown', message } };
}
