import { REDIS_PORT } from '../../contract/names.ts';
import type { RedisSession } from '../redis/session.ts';
import type { SlotMove } from './shards-plan.ts';

/** A shard and a session of the user "cluster" with it. */
export interface Shard {
  id: string;
  host: string;
  session: RedisSession;
  /** The password by which that user signs in. */
  password: string;
}

/** So many slots are half moved at a time: clients of those ask twice for keys that have gone. */
const BATCH = 64;
/** Keys that are handed over at once; the shard serves nobody meanwhile. */
const KEYS = 16;

/**
 * Moves slots with their keys from shard to shard until `mayGoOn` says no. What is broken off, wherever that is, goes on
 * from there: the shards themselves know which slots are half moved. How many slots were moved.
 */
export async function moveSlots(
  moves: readonly SlotMove[],
  shardOf: (ordinal: number) => Promise<Shard>,
  mayGoOn: () => boolean,
): Promise<number> {
  let moved = 0;
  while (moved < moves.length && mayGoOn()) {
    const { from, to } = moves[moved] as SlotMove;
    const rest = moves.slice(moved, moved + BATCH);
    const other = rest.findIndex((move) => move.from !== from || move.to !== to);
    const slots = (other < 0 ? rest : rest.slice(0, other)).map(({ slot }) => slot);
    const [source, target] = [await shardOf(from), await shardOf(to)];
    if (!(await moveBatch(slots, source, target, mayGoOn))) break;
    moved += slots.length;
  }
  return moved;
}

/** Whether all of them were moved. */
async function moveBatch(
  slots: readonly number[],
  source: Shard,
  target: Shard,
  mayGoOn: () => boolean,
): Promise<boolean> {
  const set = (shard: Shard, ...how: string[]) =>
    Promise.all(slots.map((slot) => shard.session.cluster('SETSLOT', slot, ...how)));
  // In this order, so that nobody is sent to a shard that does not know of it.
  await set(target, 'IMPORTING', source.id);
  await set(source, 'MIGRATING', target.id);
  const counts = await Promise.all(slots.map((slot) => source.session.cluster('COUNTKEYSINSLOT', slot)));
  for (const [i, slot] of slots.entries()) {
    if (counts[i] === 0) continue; // and it gets none any more
    for (;;) {
      const keys = await source.session.keysInSlot(slot, KEYS);
      if (keys.length === 0) break;
      if (!mayGoOn()) return false;
      await source.session.migrate({ host: target.host, port: REDIS_PORT }, keys, target.password);
    }
  }
  // The new owner first, so that there is one at every moment.
  await set(target, 'NODE', target.id);
  await set(source, 'NODE', target.id);
  return true;
}
