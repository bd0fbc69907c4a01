import type { SlotRange } from '../../contract/backup.ts';

/** Hash slots of a Redis Cluster. */
export const SLOTS = 16_384;

/** How many slots there are in ranges that do not overlap. */
export function countOf(ranges: readonly SlotRange[]): number {
  return ranges.reduce((sum, [first, last]) => sum + last - first + 1, 0);
}

/** A node of a Redis Cluster, as one of them sees it. */
export interface ClusterNode {
  /** Whether the one that says so has a connection to it. */
  linked: boolean;
  /** Whether that one knows the name by which clients are sent to it. */
  named: boolean;
  slots: readonly SlotRange[];
}

/** What one shard says of itself and of the others. */
export interface ClusterView {
  id: string;
  slots: readonly SlotRange[];
  /** All others that it knows, by id. */
  others: ReadonlyMap<string, ClusterNode>;
  /** Slots that it has and hands over, by the id of who gets them. */
  migrating: ReadonlyMap<number, string>;
  /** Slots that it takes over, by the id of who has them. */
  importing: ReadonlyMap<number, string>;
}

/**
 * Reads the answer to CLUSTER NODES (https://redis.io/docs/latest/commands/cluster-nodes/). Nodes that have not answered
 * since they were met are left out. Throws an Error where the node itself is not in it.
 */
export function parseClusterNodes(text: string): ClusterView {
  const view = {
    id: '',
    slots: [] as SlotRange[],
    others: new Map<string, ClusterNode>(),
    migrating: new Map<number, string>(),
    importing: new Map<number, string>(),
  };
  for (const line of text.split('\n')) {
    const [id = '', address = '', flags = '', , , , , link, ...words] = line.trim().split(' ');
    const is = (flag: string) => flags.split(',').includes(flag);
    if (id === '' || is('handshake')) continue;
    const slots = words.flatMap(rangeOf);
    if (!is('myself')) {
      view.others.set(id, { linked: link === 'connected' && !is('noaddr'), named: /,[^,]/.test(address), slots });
      continue;
    }
    view.id = id;
    view.slots = slots;
    for (const word of words) {
      const [, slot, way, other = ''] = /^\[(\d+)-([<>])-(\w+)\]$/.exec(word) ?? [];
      if (slot !== undefined) (way === '>' ? view.migrating : view.importing).set(Number(slot), other);
    }
  }
  if (view.id === '') throw new Error('Redis answered CLUSTER NODES without itself');
  return view;
}

function rangeOf(word: string): SlotRange[] {
  const [, first, last = first] = /^(\d+)(?:-(\d+))?$/.exec(word) ?? [];
  return first === undefined ? [] : [[Number(first), Number(last)]];
}
