import { passwordsToTry } from '../../contract/credentials.ts';
import { REDIS_PORT } from '../../contract/names.ts';
import { type ClusterView, parseClusterNodes } from '../redis/cluster-nodes.ts';
import { RedisRefusal, type RedisSession } from '../redis/session.ts';
import type { Finding } from '../status/finding.ts';
import type { StepReason } from '../status/store-facts.ts';
import { turnHolder } from './backup-access.ts';
import type { Context } from './context.ts';
import { forgetNodes, isLossAccepted, shardLost } from './lost-shards.ts';
import { moveSlots, type Shard } from './move-slots.ts';
import type { Member, Observed } from './observe.ts';
import { isTouching, memberCount, readRecord } from './restore-record.ts';
import { planShards, type ShardsPlan, slotCounts } from './shards-plan.ts';

/** For how long slots are moved in one reconcile, in ms: other changes of the store wait for it. */
const MOVE_MS = 2_000;

/** What came of making one cluster of a store's shards. */
export interface ShardsMaintained {
  steps: Finding<StepReason>[];
  troubles: Finding<'ReshardingFailed' | 'ShardLost'>[];
  /** How many shards clients are to know: one must be known before slots go to it. Absent until that is so. */
  joined: number | undefined;
  /** By ordinal, the slots that each shard has; absent while one of them does not answer. */
  slots: readonly number[] | undefined;
  /** There is more to do, and nothing that tells when. */
  changed: boolean;
}

/**
 * Makes one cluster of the shards: they meet, get the slots that nobody has, and then slots move to those that have joined.
 * That only goes on while all of them answer; nothing of it is needed for them to serve what they have.
 */
export async function maintainShards(
  context: Pick<Context, 'connectRedis' | 'masterKeys' | 'caches' | 'events'>,
  observed: Pick<Observed, 'store' | 'members'>,
  signal: AbortSignal,
): Promise<ShardsMaintained> {
  const result: ShardsMaintained = { steps: [], troubles: [], joined: undefined, slots: undefined, changed: false };
  const { store, members } = observed;
  if (store.spec.shards === undefined || !store.spec.enabled) return result;
  const known = store.status?.topology?.members ?? 0;
  if (!shardsAnswer(members)) {
    if (known < members.length) result.steps.push(joining('all shards must answer'));
    return result;
  }
  const views = await Promise.all(members.map(viewOf));
  const plan = planShards(views);
  result.slots = slotCounts(views);
  const sessions = new Map<number, RedisSession>();
  const shardOf = (ordinal: number) => openShard(context, observed, views, ordinal, sessions);
  const { lost, lostNodes } = plan;
  try {
    if (lost > 0 && isLossAccepted(store, lostNodes)) {
      await forgetNodes(views, lostNodes, shardOf);
      const message = `${lost} slots of a shard that lost its volume are given anew, empty, as was accepted`;
      context.events.record(store, 'Warning', 'LossAccepted', message);
      return { ...result, steps: [joining('the slots of one that was lost are given anew')], changed: true };
    }
    await bringOn(plan, observed, known, waitsFor(context, observed), shardOf, result, signal);
  } catch (error) {
    if (!(error instanceof RedisRefusal)) throw error;
    const message = `a shard refuses what moves slots, so that they stay where they are: ${error.message}; where it has no memory or disk left, raise spec.memory or grow its volume`;
    result.troubles.push({ reason: 'ReshardingFailed', message });
  } finally {
    for (const session of sessions.values()) session.close();
  }
  return result;
}

async function bringOn(
  plan: ShardsPlan,
  { members }: Pick<Observed, 'members'>,
  known: number,
  waitsFor: string | undefined,
  shardOf: (ordinal: number) => Promise<Shard>,
  result: ShardsMaintained,
  signal: AbortSignal,
): Promise<void> {
  const { meet, assign, settle, moves, informed } = plan;
  // A client that walks through all keys waits as soon as it hears of a shard that it does not know.
  if (known > 0 && known < members.length) {
    result.joined = members.length;
    result.steps.push(joining('clients are told of the new ones'));
    return;
  }
  if (meet.length > 0) {
    result.steps.push(joining('the shards meet'));
    for (const { at, to } of meet) {
      const address = members[to]?.address;
      if (address !== undefined) await (await shardOf(at)).session.cluster('MEET', address, REDIS_PORT);
    }
    return;
  }
  if (plan.lost > 0) result.troubles.push(shardLost(plan));
  for (const { at, ranges } of assign) {
    const { session } = await shardOf(at);
    await session.cluster('ADDSLOTSRANGE', ...ranges.flat());
    result.changed = true;
  }
  // Until then a shard sends clients of keys that it does not have to a node that is gone.
  for (const { at, slots } of settle) {
    const { session } = await shardOf(at);
    await Promise.all(slots.map((slot) => session.cluster('SETSLOT', slot, 'STABLE')));
  }
  if (assign.length > 0) return;
  // It takes some seconds until a shard serves what it has got.
  if (known === 0 && !(await allServe(members))) {
    result.steps.push(joining('they begin to serve'));
    return;
  }
  result.joined = members.length;
  if (moves.length === 0) return;
  const left = `${moves.length} of 16384 slots are still to be moved`;
  result.steps.push({ reason: 'MovingSlots', message: waitsFor === undefined ? left : `${left}, when ${waitsFor}` });
  if (waitsFor !== undefined) return;
  // Clients that do not know a shard cannot follow slots to it, and other versions may not read one another's keys.
  if (known === 0 || !informed || new Set(members.map(versionOf)).size > 1) return;
  // One that was just restarted takes no keys for two seconds.
  if (!(await allServe(members))) return;
  const end = performance.now() + MOVE_MS;
  await moveSlots(moves, shardOf, () => performance.now() < end && !signal.aborted);
  result.changed = true;
}

/** What slots must not move during. */
function waitsFor(
  { caches }: Pick<Context, 'caches'>,
  { store, members }: Pick<Observed, 'store' | 'members'>,
): string | undefined {
  const backup = turnHolder(caches.secrets, store);
  // It would miss keys that go to a shard which it has read.
  if (backup !== undefined) return `the KVBackup ${backup} has read the shards`;
  const restore = readRecord(members[0]?.claim);
  if (restore?.slots === undefined) return undefined;
  // What each shard is given is of the slots that it has. One that begins anew waits for those of shards that are new.
  const isFetched = restore.phase === 'Fetching' && memberCount(restore) === members.length;
  return isFetched || isTouching(restore) ? 'the restore is over' : undefined;
}

const joining = (why: string): Finding<'JoiningShards'> => ({
  reason: 'JoiningShards',
  message: `the shards become one cluster; ${why}`,
});

/** Whether each of them can be asked what it knows of the slots. */
export function shardsAnswer(members: readonly Member[]): boolean {
  return members.every(answers);
}

function answers({ redis, address }: Member): boolean {
  return redis !== undefined && 'look' in redis && !redis.look.info.loading && address !== undefined;
}

function versionOf({ redis }: Member): string | undefined {
  return redis && 'look' in redis ? redis.look.info.version : undefined;
}

/** What a shard that answers says of the slots and of the others. */
export async function viewOf({ redis }: Member): Promise<ClusterView> {
  if (!redis || !('session' in redis)) throw new Error('a shard that does not answer has no view');
  return parseClusterNodes(String(await redis.session.cluster('NODES')));
}

async function allServe(members: readonly Member[]): Promise<boolean> {
  const ask = async ({ redis }: Member) =>
    redis && 'session' in redis && String(await redis.session.cluster('INFO')).includes('cluster_state:ok');
  return (await Promise.all(members.map(ask))).every(Boolean);
}

async function openShard(
  { connectRedis, masterKeys }: Pick<Context, 'connectRedis' | 'masterKeys'>,
  { store, members }: Pick<Observed, 'store' | 'members'>,
  views: readonly ClusterView[],
  ordinal: number,
  sessions: Map<number, RedisSession>,
): Promise<Shard> {
  const host = members[ordinal]?.pod?.status?.podIP ?? '';
  const generation = store.status?.credentialGeneration ?? 1;
  const passwords = passwordsToTry(masterKeys(), store.metadata.uid, generation, 'cluster');
  const session =
    sessions.get(ordinal) ?? (await connectRedis({ host, port: REDIS_PORT, password: passwords, user: 'cluster' }));
  sessions.set(ordinal, session);
  return { id: views[ordinal]?.id ?? '', host, session, password: passwords[0] ?? '' };
}
