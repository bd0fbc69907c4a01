import { childNames, memberNames } from '../../contract/names.ts';
import type { ApiObject } from '../../kube/object.ts';
import { events } from '../../kube/resources.ts';
import type { Finding } from '../status/finding.ts';
import { isReady, isRunning } from '../status/pod.ts';
import {
  type EventSeen,
  eventTrouble,
  fullVolume,
  type PodReason,
  podTrouble,
  SETTLE_MS,
} from '../status/pod-trouble.ts';
import type { Context } from './context.ts';
import type { StatefulSet } from './kinds.ts';
import type { Observed } from './observe.ts';

interface Event extends ApiObject, EventSeen {
  lastTimestamp?: string | null;
  eventTime?: string | null;
}

/** An Event older than this, in ms, speaks of the past: what goes on is told again sooner. */
const STALE_MS = 20 * 60_000;

/** Why the pod that should run does not: from the pod, else from the Events about it, its claim and its StatefulSet. */
export async function findPodTrouble(
  context: Pick<Context, 'client' | 'now'>,
  { store, ordinal, pod }: Pick<Observed, 'store' | 'ordinal' | 'pod'>,
  statefulSet: StatefulSet | undefined,
  signal: AbortSignal,
): Promise<Finding<PodReason> | undefined> {
  if (!statefulSet || !store.spec.enabled || statefulSet.spec.replicas === 0) return undefined;
  const now = context.now();
  // Between two crashes on a full volume the pod may well be ready.
  if (pod && isReady(pod)) return fullVolume(pod, now);
  const trouble = pod && podTrouble(pod, now);
  if (trouble && trouble.reason !== 'Unschedulable') return trouble;
  const since = Date.parse((pod ?? statefulSet).metadata.creationTimestamp ?? '');
  if ((pod && isRunning(pod)) || now.getTime() - since < SETTLE_MS) return trouble;
  // A claim without a volume shows as Unschedulable, but its own Events say why.
  const { namespace, name } = store.metadata;
  const names = memberNames(name, ordinal);
  const about = [childNames(name).statefulSet, names.pod, names.volumeClaim];
  return eventTrouble(await readEvents(context, namespace, about, since, signal)) ?? trouble;
}

/** The Events about objects of those names since that time (ms since 1970), oldest first. */
export async function readEvents(
  { client, now }: Pick<Context, 'client' | 'now'>,
  namespace: string,
  about: readonly string[],
  since: number,
  signal: AbortSignal,
): Promise<EventSeen[]> {
  const lists = await Promise.all(
    about.map((object) =>
      client.list<Event>(events, { namespace, fieldSelector: `involvedObject.name=${object}`, signal }),
    ),
  );
  const oldest = Math.max(since, now().getTime() - STALE_MS);
  return lists
    .flatMap(({ items }) => items)
    .filter((event) => timeOf(event) >= oldest - 1000) // times are to the second
    .sort((a, b) => timeOf(a) - timeOf(b));
}

function timeOf({ lastTimestamp, eventTime, metadata }: Event): number {
  return Date.parse(lastTimestamp ?? eventTime ?? metadata.creationTimestamp ?? '');
}
