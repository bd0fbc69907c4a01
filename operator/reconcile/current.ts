import type { KubeClient } from '../../kube/client.ts';
import { KubeError } from '../../kube/errors.ts';
import { type ApiObject, keyOf } from '../../kube/object.ts';
import type { Resource } from '../../kube/resources.ts';

/**
 * Rejects with a conflict, which is tried again, where an object's spec is not what was `seen` of it. Asked before Redis
 * is stopped or told to become another: watches go on each at its own pace, and an API server may lag behind another.
 */
export async function requireCurrent(
  client: Pick<KubeClient, 'get'>,
  resource: Resource,
  seen: ApiObject,
  signal: AbortSignal,
): Promise<void> {
  const now = await client.get(resource, keyOf(seen), { signal });
  const { uid, generation } = seen.metadata;
  if (now?.metadata.uid === uid && now?.metadata.generation === generation) return;
  const message = `${resource.kind} ${seen.metadata.namespace}/${seen.metadata.name} has changed since it was read`;
  throw new KubeError({ status: 409, reason: 'Conflict', message });
}
