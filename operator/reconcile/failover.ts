import { setTimeout as sleep } from 'node:timers/promises';
import { REDIS_PORT } from '../../contract/names.ts';
import { RedisRefusal, type RedisSession } from '../redis/session.ts';
import type { Finding } from '../status/finding.ts';
import { primaryOf, replicationOf } from './members.ts';
import type { Member, Observed } from './observe.ts';

/** How long writes wait for a planned failover at most, in ms; the data plane bears that without a failed request. */
const PAUSE_MS = 5_000;
/** How long replicas may take to have all that the primary has, in ms; where they need longer, it is tried again. */
const CATCH_UP_MS = 1_000;

/** What came of a planned failover. */
export type FailedOver = { done: true } | { done: false; step: Finding<'FailingOver'> };

const wait = (why: string): FailedOver => ({
  done: false,
  step: { reason: 'FailingOver', message: `another member becomes the primary; ${why}` },
});

/**
 * Makes a replica the primary with no write lost: writes wait until the replicas have all, then Sentinel makes one of
 * them the primary, and the old one follows it before its clients may go on.
 */
export async function failOver({ members }: Pick<Observed, 'members'>, password: string): Promise<FailedOver> {
  const primary = primaryOf(members);
  const old = primary && sessionOf(primary);
  if (!primary?.address || !old) return wait('the primary must answer first');
  const replicas = members.filter(
    (member) =>
      member !== primary && member.address && replicationOf(member)?.linked && replicationOf(member)?.priority,
  );
  const sentinel = replicas
    .map(({ sentinel }) => sentinel)
    .find((seen) => seen && 'look' in seen && seen.look.primary === primary.address);
  if (replicas.length === 0 || !sentinel || !('session' in sentinel)) return wait('a replica must have all data first');
  await old.configSet('replica-announce-ip', primary.address);
  await old.configSet('masteruser', 'replica');
  await old.configSet('masterauth', password);
  const deadline = Date.now() + PAUSE_MS;
  await old.pauseWrites(PAUSE_MS);
  try {
    const { offset } = (await old.info()).replication;
    if (!(await until(() => haveAll(replicas, offset), Date.now() + CATCH_UP_MS)))
      return wait('its replicas are too far behind');
    const refusal = await sentinel.session.sentinelFailover().catch(asRefusal);
    if (refusal) return wait(`Sentinel does not yet: ${refusal.message}`);
    let next: Member | undefined;
    const promoted = async () => {
      next = await findPrimary(replicas);
      return next !== undefined;
    };
    if (!(await until(promoted, deadline)) || !next?.address) return wait('Sentinel has not chosen one yet');
    await old.replicaOf(next.address, REDIS_PORT);
    return { done: true };
  } finally {
    await old.unpauseWrites().catch(() => undefined); // it ends by itself
  }
}

async function haveAll(replicas: readonly Member[], offset: number): Promise<boolean> {
  const looks = await Promise.all(replicas.map((member) => sessionOf(member)?.info()));
  return looks.every((info) => info && info.replication.offset >= offset);
}

async function findPrimary(replicas: readonly Member[]): Promise<Member | undefined> {
  const looks = await Promise.all(replicas.map((member) => sessionOf(member)?.info()));
  return replicas.find((_, index) => looks[index]?.replication.role === 'primary');
}

function asRefusal(error: unknown): RedisRefusal {
  if (error instanceof RedisRefusal) return error;
  throw error;
}

function sessionOf({ redis }: Member): RedisSession | undefined {
  return redis && 'session' in redis ? redis.session : undefined;
}

async function until(holds: () => Promise<boolean>, deadline: number): Promise<boolean> {
  while (!(await holds())) {
    if (Date.now() > deadline) return false;
    await sleep(20);
  }
  return true;
}
