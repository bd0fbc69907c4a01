import { ACCEPT_LOSS_ANNOTATION } from '../../contract/labels.ts';
import type { KVStore } from '../../contract/objects.ts';
import type { ClusterView } from '../redis/cluster-nodes.ts';
import type { Finding } from '../status/finding.ts';
import type { Shard } from './move-slots.ts';
import type { ShardsPlan } from './shards-plan.ts';

/** So many hex digits of a node's id name it in the annotation. */
const DIGITS = 8;

/** What the annotation says where the loss of these nodes is accepted; nodes that are lost later are others. */
function lossOf(nodes: readonly string[]): string {
  return nodes
    .map((id) => id.slice(0, DIGITS))
    .sort()
    .join(',');
}

/** Whether somebody has accepted that the keys of all these nodes are gone. */
export function isLossAccepted({ metadata }: Pick<KVStore, 'metadata'>, nodes: readonly string[]): boolean {
  return metadata.annotations?.[ACCEPT_LOSS_ANNOTATION] === lossOf(nodes);
}

/** What is told of slots whose shard has lost its volume, for as long as that is not accepted. */
export function shardLost({ lost, lostNodes }: Pick<ShardsPlan, 'lost' | 'lostNodes'>): Finding<'ShardLost'> {
  const accepted = `${ACCEPT_LOSS_ANNOTATION}: "${lossOf(lostNodes)}"`;
  return {
    reason: 'ShardLost',
    message: `${lost} slots belong to a shard that is none of the store's pods any more: its volume was lost, and with it their keys. Restore a backup into another KVStore; or accept the loss by the annotation ${accepted}, after which these slots serve again, empty, and a backup can be restored in place`,
  };
}

/** Has every shard forget nodes that are gone, so that nobody has their slots; done again, it goes on where it was. */
export async function forgetNodes(
  views: readonly ClusterView[],
  nodes: readonly string[],
  shardOf: (ordinal: number) => Promise<Pick<Shard, 'session'>>,
): Promise<void> {
  // All at once: who hears of a node from another shard knows it again.
  await Promise.all(
    views.map(async ({ others }, ordinal) => {
      const known = nodes.filter((id) => others.has(id));
      if (known.length === 0) return;
      const { session } = await shardOf(ordinal);
      for (const id of known) await session.cluster('FORGET', id);
    }),
  );
}
