import type { ApiObject, KubeObject } from '../../../kube/object.ts';
import { keyOf } from '../../../kube/object.ts';
import { pods, statefulSets } from '../../../kube/resources.ts';
import type { Pod } from '../../../operator/status/pod.ts';
import { until, type World } from './world.ts';

/** Plays the StatefulSet controller: makes a pod from the template, and says that the template was seen. */
export async function makePod(
  { client }: Pick<World, 'client'>,
  namespace: string,
  store = 'main',
  ordinal = 0,
): Promise<KubeObject> {
  const key = { namespace, name: `${store}-redis` };
  // biome-ignore lint/suspicious/noExplicitAny: whatever the template has is copied
  const set: any = await until(`StatefulSet ${key.name}`, () => client.get(statefulSets, key));
  const { metadata, spec } = set.spec.template;
  const volumes = [...(spec.volumes ?? [])];
  for (const { metadata: claim } of set.spec.volumeClaimTemplates ?? [])
    volumes.push({ name: claim.name, persistentVolumeClaim: { claimName: `${claim.name}-${key.name}-${ordinal}` } });
  const owner = { apiVersion: 'apps/v1', kind: 'StatefulSet', name: key.name, uid: set.metadata.uid, controller: true };
  await observeTemplate({ client }, namespace, store);
  return client.create(pods, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...metadata, namespace, name: `${key.name}-${ordinal}`, ownerReferences: [owner] },
    spec: { ...spec, volumes },
  });
}

/** Plays the StatefulSet controller: says that it has seen the template. */
export async function observeTemplate(
  { client }: Pick<World, 'client'>,
  namespace: string,
  store = 'main',
): Promise<void> {
  const key = { namespace, name: `${store}-redis` };
  const set = await until(`StatefulSet ${key.name}`, () => client.get(statefulSets, key));
  const status = { observedGeneration: set.metadata.generation, replicas: 1 };
  await client.patch(statefulSets, key, { status }, { type: 'merge', subresource: 'status' });
}

/** Plays the kubelet: gives a pod a status. */
export function setPodStatus({ client }: Pick<World, 'client'>, pod: ApiObject, status: Record<string, unknown>) {
  return client.patch(pods, keyOf(pod), { status }, { type: 'merge', subresource: 'status' });
}

/** Plays the kubelet: the pod's Redis runs and is ready at that IP, in a container of the size that the spec says. */
export function runPod(world: Pick<World, 'client'>, pod: KubeObject, podIP: string) {
  const { containers } = (pod as unknown as Pod).spec;
  const running = { ready: true, started: true, restartCount: 0, image: '', imageID: '' };
  const state = { running: { startedAt: '2026-01-01T00:00:00Z' } };
  return setPodStatus(world, pod, {
    phase: 'Running',
    podIP,
    podIPs: [{ ip: podIP }],
    conditions: [
      { type: 'PodScheduled', status: 'True' },
      { type: 'Ready', status: 'True' },
    ],
    containerStatuses: containers.map(({ name, resources }) => ({ name, resources, state, ...running })),
  });
}

/** The status of a pod whose container waits. */
export function waitingFor(reason: string, message: string, container = 'redis'): Record<string, unknown> {
  return {
    phase: 'Pending',
    containerStatuses: [
      {
        name: container,
        ready: false,
        started: false,
        restartCount: 0,
        image: '',
        imageID: '',
        state: { waiting: { reason, message } },
      },
    ],
  };
}
