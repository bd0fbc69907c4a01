import { PROMOTE_ANNOTATION } from '../../contract/labels.ts';
import { memberNames } from '../../contract/names.ts';
import { parseTime } from '../../contract/time.ts';
import type { StorePlan } from '../resources/plan.ts';
import type { Context } from './context.ts';
import { namedPrimary, primaryOf, replicationOf } from './members.ts';
import type { Member, Observed } from './observe.ts';

/** For how long a replica must have been without a primary before another may be looked for, in ms: the old one may come back. */
const PATIENCE_MS = 60_000;
/** The farthest that a choice may be valid from now, in ms: one that is forgotten must not decide another time. */
const LONGEST_MS = 3_600_000;

/** How far a replica came in the stream of its primary's writes. */
interface Position {
  history: string;
  offset: number;
  /** When that was noted, in ms since 1970; absent where it is of now. */
  notedAt?: number;
}

/** Who may become the primary where Sentinel finds nobody, or why nobody may. */
export type Succession = { successor: Member } | { positions: readonly [Member, Position | undefined][] };

/** How far a replica came: by what it says itself, or since its restart by what was noted before. */
function positionOf(member: Member): Position | undefined {
  const replication = replicationOf(member);
  if (!replication || !member.redis || !('look' in member.redis)) return undefined;
  const { history, offset } = replication;
  if (offset > 1) return { history, offset };
  const { config, info } = member.redis.look;
  // The log has what was written until the end; a snapshot has not, and says itself what it has.
  const noted = info.aof.enabled && /^([0-9a-f]{40}):(\d+):(\d+)$/.exec(config['syslog-ident'] ?? '');
  if (!noted) return undefined;
  const [, of = '', at, micros] = noted;
  return { history: of, offset: Number(at), notedAt: Math.floor(Number(micros) / 1000) };
}

/**
 * Where no member is the primary and Sentinel may choose none, because all replicas were restarted while it was away: the
 * one that came farthest, of as many that can be compared as are most of the members without the old primary. That took
 * no write without some of each such set. Undefined where there is a primary, or may soon be one again.
 */
export function findSuccession({
  store,
  accepted,
  members,
}: Pick<Observed, 'store' | 'accepted' | 'members'>): Succession | undefined {
  const isMeant = accepted?.replicated && store.spec.enabled && store.status?.topology?.mode === 'Replicated';
  if (!isMeant || primaryOf(members)) return undefined;
  const lost = namedPrimary(members);
  if (!lost || (lost.redis && 'look' in lost.redis)) return undefined;
  const others = members.filter((member) => member !== lost && replicationOf(member));
  if (others.length === 0 || !others.every(isAbandoned)) return undefined;
  const positions = others.map((member) => [member, positionOf(member)] as const);
  const [first] = positions;
  const isComparable = positions.every(([, position]) => position && position.history === first?.[1]?.history);
  if (!isComparable || positions.length * 2 <= members.length)
    return { positions: positions.map(([member, position]) => [member, position]) };
  const [successor] = positions.reduce((best, next) => ((next[1]?.offset ?? 0) > (best[1]?.offset ?? 0) ? next : best));
  return { successor };
}

/** Whether a replica has long been without a primary, and may not become one. */
function isAbandoned(member: Member): boolean {
  const replication = replicationOf(member);
  if (!replication || replication.linked || replication.syncing || replication.priority > 0) return false;
  const uptime = member.redis && 'look' in member.redis ? member.redis.look.info.uptimeSeconds : 0;
  return (replication.downSeconds ?? uptime) * 1000 > PATIENCE_MS;
}

/** Name of the member's pod that somebody chose, where that is valid now. */
function chosenMember({ metadata }: Observed['store'], now: Date): string | undefined {
  const [, name, time = ''] = /^([^:]+):(.+)$/.exec(metadata.annotations?.[PROMOTE_ANNOTATION] ?? '') ?? [];
  const left = (parseTime(time) ?? Number.NEGATIVE_INFINITY) - now.getTime();
  return left > 0 && left <= LONGEST_MS ? name : undefined;
}

/** Lets the member that is to be the primary become it: most of the Sentinels, who found nobody, then make it that. */
export async function maintainSuccession(
  context: Pick<Context, 'events' | 'now'>,
  { replication }: Pick<StorePlan, 'replication'>,
  observed: Pick<Observed, 'store' | 'accepted' | 'members'>,
): Promise<boolean> {
  const succession = replication && !replication.holds ? findSuccession(observed) : undefined;
  if (!succession) return false;
  const { store } = observed;
  const nameOf = ({ ordinal }: Member) => memberNames(store.metadata.name, ordinal).pod;
  const chosen = chosenMember(store, context.now());
  const successor =
    'successor' in succession
      ? succession.successor
      : succession.positions.find(([member]) => nameOf(member) === chosen)?.[0];
  if (!successor?.redis || !('session' in successor.redis)) return false;
  await successor.redis.session.configSet('replica-priority', '100');
  const why = 'successor' in succession ? 'it has the newest data of those that are there' : 'it was chosen';
  context.events.record(store, 'Warning', 'SuccessorFound', `${nameOf(successor)} may become the primary: ${why}`);
  return true;
}

/** What is to be done where nobody can tell who has the newest data. */
export function explainChoice(
  { metadata }: Observed['store'],
  { positions }: Extract<Succession, { positions: unknown }>,
): string {
  const known = positions.map(([{ ordinal }, position]) => {
    const { pod } = memberNames(metadata.name, ordinal);
    if (!position) return `${pod} does not know when it last had all data`;
    return position.notedAt === undefined
      ? `${pod} copied data until it lost the primary`
      : `${pod} last had all data at ${new Date(position.notedAt).toISOString()}`;
  });
  return `nobody can tell that a member which is there has the newest data (${known.join('; ')}): bring back the one that was the primary; or, where its data is lost, choose one, which takes the others' data away, by the annotation ${PROMOTE_ANNOTATION}: "<pod>:<RFC 3339 time, within the hour, until which the choice is valid>"`;
}
