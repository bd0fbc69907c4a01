import { setTimeout as sleep } from 'node:timers/promises';
import { REDIS_PORT } from '../../contract/names.ts';
import type { RedisInfo } from '../redis/info.ts';
import { RedisRefusal, type RedisSession } from '../redis/session.ts';
import type { Finding } from '../status/finding.ts';
import { primaryOf, replicationOf } from './members.ts';
import type { Member, Observed } from './observe.ts';

/** How long writes wait for a planned failover at most, in ms. */
const PAUSE_MS = 5_000;
/** How long replicas may take to have all that the primary has, in ms; where they need longer, it is tried again. */
const CATCH_UP_MS = 1_000;

/** How long those who wait for replicas may, in ms: while writes pause replicas say only once a second what they have. */
const ANSWER_MS = 1_500;

/** What came of a planned failover: done where another member is the primary. */
export type FailedOver = { done: true } | { done: false; step: Finding<'FailingOver'> };

/** What a failover is made with: sessions end with it, because Sentinel closes every connection to a Redis that it changes. */
export interface FailoverTools {
  /** A new session with a member's Redis. */
  connect(member: Member): Promise<RedisSession>;
  /** By which the old primary signs in to the new one, as the user `replica`. */
  password: string;
}

const wait = (why: string): FailedOver => ({
  done: false,
  step: { reason: 'FailingOver', message: `another member becomes the primary; ${why}` },
});

/**
 * Makes a replica the primary with no write lost: writes wait until the replicas have all, and until who waits for them
 * to have it was told so. Then Sentinel makes one of them the primary, and the old one follows it before its clients may
 * go on.
 */
export async function failOver({ members }: Pick<Observed, 'members'>, tools: FailoverTools): Promise<FailedOver> {
  const primary = primaryOf(members);
  if (!primary?.address || !primary.redis || !('session' in primary.redis))
    return wait('the primary must answer first');
  const replicas = members.filter((member) => {
    const replication = replicationOf(member);
    return member !== primary && member.address && replication?.linked && replication.priority > 0;
  });
  const sentinel = replicas
    .map((member) => member.sentinel)
    .find((seen) => seen && 'look' in seen && seen.look.primary === primary.address);
  if (replicas.length === 0 || !sentinel || !('session' in sentinel)) return wait('a replica must have all data first');
  const { session: old } = primary.redis;
  await old.configSet('replica-announce-ip', primary.address);
  await old.configSet('masteruser', 'replica');
  await old.configSet('masterauth', tools.password);
  const deadline = Date.now() + PAUSE_MS;
  await old.pauseWrites(PAUSE_MS);
  try {
    const { offset } = (await old.info()).replication;
    const haveAll = async () => (await offsets(replicas)).every((of) => of >= offset);
    if (!(await until(haveAll, Date.now() + CATCH_UP_MS))) return wait('its replicas are too far behind');
    await until(async () => isAnswered((await old.info()).replication), Date.now() + ANSWER_MS);
    const refusal = await sentinel.session.sentinelFailover().catch(asRefusal);
    if (refusal) return wait(`Sentinel does not yet: ${refusal.message}`);
    const next = await findPrimary(replicas, tools, deadline);
    if (!next?.address) return wait('Sentinel has taken it on and no other is the primary yet');
    await old.replicaOf(next.address, REDIS_PORT);
  } finally {
    // Where it is over already, or the connection with it, the pause ends by itself.
    await old.unpauseWrites().catch(() => undefined);
  }
  return { done: true };
}

/** Whether nobody waits for replicas any more: others that wait, as BLPOP does, cannot be told from those. */
function isAnswered({ waiting, confirmed, offset }: RedisInfo['replication']): boolean {
  return waiting === 0 || confirmed >= offset;
}

async function offsets(replicas: readonly Member[]): Promise<number[]> {
  return Promise.all(
    replicas.map(async ({ redis }) =>
      redis && 'session' in redis ? (await redis.session.info()).replication.offset : Number.NEGATIVE_INFINITY,
    ),
  );
}

async function findPrimary(
  replicas: readonly Member[],
  { connect }: FailoverTools,
  deadline: number,
): Promise<Member | undefined> {
  const isPrimary = async (member: Member): Promise<boolean> => {
    try {
      const session = await connect(member);
      try {
        return (await session.info()).replication.role === 'primary';
      } finally {
        session.close();
      }
    } catch {
      return false; // its connections have just been closed
    }
  };
  let found: Member | undefined;
  await until(async () => {
    const are = await Promise.all(replicas.map(isPrimary));
    found = replicas[are.indexOf(true)];
    return found !== undefined;
  }, deadline);
  return found;
}

function asRefusal(error: unknown): RedisRefusal {
  if (error instanceof RedisRefusal) return error;
  throw error;
}

async function until(holds: () => Promise<boolean>, deadline: number): Promise<boolean> {
  while (!(await holds())) {
    if (Date.now() > deadline) return false;
    await sleep(20);
  }
  return true;
}
