import { FAILOVER_ANNOTATION } from '../../contract/labels.ts';
import type { KVStore } from '../../contract/objects.ts';
import { parseTime } from '../../contract/time.ts';
import type { StorePlan } from '../resources/plan.ts';
import type { Finding } from '../status/finding.ts';
import type { StepReason } from '../status/store-facts.ts';
import type { Context } from './context.ts';
import { failOver } from './failover.ts';
import { connectAs } from './look.ts';
import { isSettled, replicationOf } from './members.ts';
import type { Observed } from './observe.ts';

/** What came of a failover that was due. */
export interface Handover {
  steps: Finding<StepReason>[];
  refusals: Finding<'FailoverRefused'>[];
  done: boolean;
  /** The request that was obeyed now. */
  requestedFor?: string;
}

/** The request in the annotation that was not obeyed yet, or why it is none. */
export function failoverRequest({ metadata, status }: KVStore): {
  request?: string;
  refusal?: Finding<'FailoverRefused'>;
} {
  const request = metadata.annotations?.[FAILOVER_ANNOTATION];
  if (request === undefined || request === status?.failover?.requestedFor) return {};
  if (parseTime(request) !== undefined) return { request };
  const message = `the annotation ${FAILOVER_ANNOTATION} is not an RFC 3339 time, so nothing is done; set it to the present time, for example ${metadata.creationTimestamp}`;
  return { refusal: { reason: 'FailoverRefused', message } };
}

/** Makes another member the primary where somebody asked for it, or where the primary is to be restarted: `mustHandOver`. */
export async function maintainFailover(
  context: Pick<Context, 'events' | 'masterKeys' | 'connectRedis' | 'now'>,
  { replication }: Pick<StorePlan, 'replication'>,
  observed: Observed,
  mustHandOver: boolean,
): Promise<Handover> {
  const { store, members } = observed;
  const { request, refusal } = failoverRequest(store);
  const nothing: Handover = { steps: [], refusals: refusal ? [refusal] : [], done: false };
  if (request !== undefined && !observed.accepted?.replicated) {
    const message = `a store of one Redis has no member to fail over to; set spec.replicas to 3, or remove the annotation ${FAILOVER_ANNOTATION}`;
    return { ...nothing, refusals: [{ reason: 'FailoverRefused', message }] };
  }
  if (!replication || !store.spec.enabled || (!mustHandOver && request === undefined)) return nothing;
  // The data plane goes by the Sentinels only when it was told of the topology.
  if (store.status?.topology?.mode !== 'Replicated' || !members.every(isSettled)) {
    const message = 'another member becomes the primary when all are in step';
    return { ...nothing, steps: [{ reason: 'FailingOver', message }] };
  }
  if (replication.holds) await letReplace(members);
  const outcome = await failOver(observed, {
    connect: ({ pod }) => connectAs(context, store, pod?.status?.podIP ?? ''),
    password: replication.passwords.replica[0] ?? '',
  });
  if (!outcome.done) return { ...nothing, steps: [outcome.step] };
  const why = request === undefined ? 'before the old one is restarted' : 'as was asked for';
  context.events.record(store, 'Normal', 'FailedOver', `another member was made the primary ${why}`);
  // What comes of it the next look shows.
  const step: Handover['steps'][number] = { reason: 'FailingOver', message: 'another member becomes the primary' };
  return { ...nothing, steps: [step], done: true, ...(request !== undefined && { requestedFor: request }) };
}

/** Lets replicas that have all the data take the place of the one Redis that the store was; Sentinels notice in a while. */
async function letReplace(members: Observed['members']): Promise<void> {
  for (const member of members) {
    const { redis } = member;
    const isFit = replicationOf(member)?.linked && replicationOf(member)?.priority === 0;
    if (isFit && redis && 'session' in redis) await redis.session.configSet('replica-priority', '100');
  }
}
