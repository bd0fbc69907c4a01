import type { Finding } from '../status/finding.ts';
import { isReady, isTerminating, ownStatus } from '../status/pod.ts';
import type { StepReason } from '../status/store-facts.ts';
import { isSettled, primaryOf, replicationOf } from './members.ts';
import type { Member, Observed } from './observe.ts';
import { explainChoice, findSuccession, type Succession } from './succession.ts';

/** How long a member may take to start and to follow the primary, in ms, before that is told as trouble. */
const PATIENCE_MS = 60_000;

/** What is wrong with, and on its way in, the members of a replicated store as a whole. */
export function judgeMembers(
  { store, accepted, members }: Pick<Observed, 'store' | 'accepted' | 'members'>,
  now: Date,
): { troubles: Finding<'ReplicaDown' | 'NoPrimary'>[]; steps: Finding<StepReason>[] } {
  const none = { troubles: [], steps: [] };
  if (!accepted?.replicated || !store.spec.enabled) return none;
  const primary = primaryOf(members);
  if (!primary) return judgeNoPrimary(members, findSuccession({ store, accepted, members }), store, now);
  const replicas = members.filter((member) => member !== primary);
  const syncing = replicas.find((member) => replicationOf(member)?.syncing);
  const name = ({ pod, ordinal }: Member) => pod?.metadata.name ?? `member ${ordinal}`;
  const down = replicas.filter((member) => isDownLong(member, now));
  const troubles = down.map((member): Finding<'ReplicaDown'> => {
    const message = `${name(member)} does not follow the primary, so that one loss less is borne; see its pod, and why it is not ready with: kubectl describe pod -n ${store.metadata.namespace} ${name(member)}`;
    return { reason: 'ReplicaDown', message };
  });
  const late = replicas.find((member) => !down.includes(member) && !isSettled(member));
  if (!syncing && late)
    return { troubles, steps: [{ reason: 'Starting', message: `${name(late)} starts and comes into step` }] };
  if (!syncing) return { troubles, steps: [] };
  return { troubles, steps: [{ reason: 'Syncing', message: `${name(syncing)} copies the data of the primary` }] };
}

function judgeNoPrimary(
  members: readonly Member[],
  succession: Succession | undefined,
  store: Observed['store'],
  now: Date,
): ReturnType<typeof judgeMembers> {
  const isFit = members.some((member) => (replicationOf(member)?.priority ?? 0) > 0);
  const pods = members.flatMap(({ pod }) => pod ?? []);
  const isOver = pods.length > 0 && pods.every((pod) => now.getTime() - startedAt(pod) > PATIENCE_MS);
  if ((isFit && !isOver) || (succession && 'successor' in succession))
    return { troubles: [], steps: [{ reason: 'FailingOver', message: 'Sentinel makes another member the primary' }] };
  if (succession) {
    const message = `no member is the primary, so nothing is written: ${explainChoice(store, succession)}`;
    return { troubles: [{ reason: 'NoPrimary', message }], steps: [] };
  }
  if (!isOver) return { troubles: [], steps: [] };
  const message =
    'no member is the primary, so nothing is written: most of the Sentinels must be up, and a member with all the data; see the logs of the containers redis and sentinel, which say what each waits for';
  return { troubles: [{ reason: 'NoPrimary', message }], steps: [] };
}

function isDownLong(member: Member, now: Date): boolean {
  const { pod } = member;
  const replication = replicationOf(member);
  if (!pod || isTerminating(pod)) return false; // what keeps it from being made is told of the pod
  if (isReady(pod) && (!replication || replication.linked)) return false;
  if (replication?.syncing) return false;
  const { downSeconds } = replication ?? {};
  return (downSeconds === undefined ? now.getTime() - startedAt(pod) : downSeconds * 1000) > PATIENCE_MS;
}

/** When the container that runs was started, else the pod was made, in ms since 1970. */
function startedAt(pod: NonNullable<Member['pod']>): number {
  return Date.parse(ownStatus(pod)?.state?.running?.startedAt ?? pod.metadata.creationTimestamp ?? '');
}
