import { isAlreadyExists, isForbidden, isInvalid } from '../../kube/errors.ts';
import { controllerReference, type KubeObject, keyOf } from '../../kube/object.ts';
import { pods } from '../../kube/resources.ts';
import { preflightPod } from '../resources/preflight-pod.ts';
import type { Finding } from '../status/finding.ts';
import type { RestartAcceptance } from './accept-restart.ts';
import { type Context, FIELD_MANAGER } from './context.ts';
import type { Observed } from './observe.ts';

/** Starts, keeps or removes the preflight pod. */
export async function maintainPreflight(
  { client, settings }: Pick<Context, 'client' | 'settings'>,
  { store, preflight }: Pick<Observed, 'store' | 'preflight'>,
  wanted: RestartAcceptance['preflight'],
  signal: AbortSignal,
): Promise<Finding<'SpecRefused'> | undefined> {
  if (wanted === 'keep') return undefined;
  if (wanted === 'none') {
    if (preflight && preflight.metadata.deletionTimestamp === undefined)
      await client.delete(pods, keyOf(preflight), { preconditions: { uid: preflight.metadata.uid }, signal });
    return undefined;
  }
  const manifest = preflightPod(store, { ...wanted, imagePullPolicy: settings.imagePullPolicy });
  const metadata = { ...manifest.metadata, ownerReferences: [controllerReference(store)] };
  try {
    // A field that is dropped here would be refused in the StatefulSet, which knows none but those of the schema.
    const options = { fieldManager: FIELD_MANAGER, strict: true, signal };
    await client.create<KubeObject>(pods, { ...manifest, metadata }, options);
  } catch (error) {
    if (isAlreadyExists(error)) return undefined; // the cache will show it
    if (!isInvalid(error) && !isForbidden(error)) throw error;
    const why = error instanceof Error ? error.message : String(error);
    const message = `a pod for the new spec is refused, so the store goes on as it was; correct spec.image or spec.scheduling, or the namespace's quota and policies: ${why}`;
    return { reason: 'SpecRefused', message };
  }
  return undefined;
}
