import type { SlotRange } from '../../contract/backup.ts';
import { type ClusterView, countOf, SLOTS } from '../redis/cluster-nodes.ts';

/** A slot that goes from one shard to another, by their ordinals. */
export interface SlotMove {
  slot: number;
  from: number;
  to: number;
}

/** What is to be done to the shards, in this order; each part only when those before it are done. */
export interface ShardsPlan {
  /** Shards that have no connection to another one: `at` is to meet `to`. */
  meet: { at: number; to: number }[];
  /** Slots that nobody has, and who gets them. */
  assign: { at: number; ranges: SlotRange[] }[];
  /**
   * Slots that a shard still hands over: to a node that is no shard any more, or though it has learnt that another has
   * them, because the end of the move was never told it.
   */
  settle: { at: number; slots: number[] }[];
  /** Slots to be moved, those that are half moved first. */
  moves: SlotMove[];
  /**
   * Every shard knows which of them has each slot that one of them has, and their names. One that does not learns nothing
   * more of a slot that it takes over, and refuses its keys.
   */
  informed: boolean;
  /** How many slots are of nodes that are none of the shards: those of a shard that has lost its volume. */
  lost: number;
  /** Ids of these nodes. */
  lostNodes: readonly string[];
}

/**
 * What makes one cluster of shards, by ordinal, in which each has an equal part of the slots. Slots only ever go to shards
 * of a higher ordinal, because whoever walks through the keys of a store walks through the shards in that order. Whatever
 * was broken off is found in what the shards say.
 */
export function planShards(views: readonly ClusterView[]): ShardsPlan {
  const meet = views.flatMap(({ others }, at) =>
    views.flatMap(({ id }, to) => (at === to || others.get(id)?.linked ? [] : [{ at, to }])),
  );
  const owners = ownersOf(views);
  const { lost, lostNodes } = takeStrangers(views, owners);
  const served = owners.reduce((count, owner) => count + (owner >= 0 ? 1 : 0), 0);
  return {
    meet,
    assign: assignments(owners, views.length),
    settle: stale(views),
    moves: movesOf(views, owners),
    informed: views.every((view) => knowsAll(view, views, served)),
    lost,
    lostNodes,
  };
}

/** How many slots of its own each shard has, by ordinal. */
export function slotCounts(views: readonly ClusterView[]): number[] {
  return countSlots(ownersOf(views), views.length);
}

function knowsAll({ slots, others }: ClusterView, views: readonly ClusterView[], served: number): boolean {
  const shards = views.flatMap(({ id }) => others.get(id) ?? []);
  if (shards.some(({ named }) => !named)) return false;
  const known = [slots, ...shards.map((shard) => shard.slots)].flat();
  return countOf(known) >= served;
}

const NOBODY = -1;
const STRANGER = -2;

/** By slot, the ordinal of its shard. Of two that claim it the later one has taken it over, as the other will learn. */
function ownersOf(views: readonly ClusterView[]): Int16Array {
  const owners = new Int16Array(SLOTS).fill(NOBODY);
  views.forEach(({ slots }, ordinal) => {
    for (const [first, last] of slots) owners.fill(ordinal, first, last + 1);
  });
  return owners;
}

/** Marks the slots that only nodes have that are no shards. How many there are, and of which nodes. */
function takeStrangers(views: readonly ClusterView[], owners: Int16Array): Pick<ShardsPlan, 'lost' | 'lostNodes'> {
  const ids = new Set(views.map(({ id }) => id));
  const nodes = new Set<string>();
  let lost = 0;
  for (const { others } of views) {
    for (const [id, { slots }] of others) {
      if (ids.has(id)) continue;
      for (const [first, last] of slots) {
        for (let slot = first; slot <= last; slot++) {
          if (owners[slot] !== NOBODY) continue;
          owners[slot] = STRANGER;
          nodes.add(id);
          lost++;
        }
      }
    }
  }
  return { lost, lostNodes: [...nodes] };
}

function assignments(owners: Int16Array, shards: number): ShardsPlan['assign'] {
  const ranges = new Map<number, [number, number][]>();
  owners.forEach((owner, slot) => {
    if (owner !== NOBODY) return;
    const at = Math.floor((slot * shards) / SLOTS);
    const own = ranges.get(at) ?? [];
    const last = own.at(-1);
    if (last && last[1] === slot - 1) last[1] = slot;
    else own.push([slot, slot]);
    ranges.set(at, own);
  });
  return [...ranges].map(([at, own]) => ({ at, ranges: own }));
}

function stale(views: readonly ClusterView[]): ShardsPlan['settle'] {
  const ids = new Set(views.map(({ id }) => id));
  return views.flatMap(({ slots: own, migrating }, at) => {
    const has = (slot: number) => own.some(([first, last]) => first <= slot && slot <= last);
    const slots = [...migrating].flatMap(([slot, id]) => (ids.has(id) && has(slot) ? [] : [slot]));
    return slots.length > 0 ? [{ at, slots }] : [];
  });
}

function movesOf(views: readonly ClusterView[], owners: Int16Array): SlotMove[] {
  const ordinals = new Map(views.map(({ id }, ordinal) => [id, ordinal]));
  const begun = new Map<number, SlotMove>();
  views.forEach(({ migrating, importing }, ordinal) => {
    for (const [slot, id] of migrating) {
      const to = ordinals.get(id);
      if (to !== undefined && owners[slot] === ordinal) begun.set(slot, { slot, from: ordinal, to });
    }
    for (const slot of importing.keys()) {
      const from = owners[slot] as number;
      if (from >= 0 && from !== ordinal) begun.set(slot, { slot, from, to: ordinal });
    }
  });
  const later = owners.slice();
  for (const { slot, to } of begun.values()) later[slot] = to;
  return [...begun.values(), ...balance(later, views.length)];
}

/** Gives shards that have less than an equal part what others before them have beyond it, from the end of what they have. */
function balance(owners: Int16Array, shards: number): SlotMove[] {
  const part = Math.floor(SLOTS / shards);
  const counts = countSlots(owners, shards);
  if (counts.every((count) => count >= part)) return [];
  const held: number[][] = counts.map(() => []);
  owners.forEach((owner, slot) => {
    held[owner]?.push(slot);
  });
  const moves: SlotMove[] = [];
  for (let to = 1; to < shards; to++) {
    while ((counts[to] as number) < part) {
      const most = Math.max(...counts.slice(0, to));
      if (most <= part) break;
      const from = counts.indexOf(most);
      moves.push({ slot: held[from]?.pop() as number, from, to });
      counts[from] = most - 1;
      counts[to] = (counts[to] as number) + 1;
    }
  }
  return moves.sort((a, b) => a.to - b.to || a.from - b.from);
}

function countSlots(owners: Int16Array, shards: number): number[] {
  const counts = new Array<number>(shards).fill(0);
  for (const owner of owners) if (owner >= 0) counts[owner] = (counts[owner] as number) + 1;
  return counts;
}
