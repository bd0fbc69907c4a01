import type { KVStoreStatus } from '../../contract/kvstore.gen.ts';
import { memberNames } from '../../contract/names.ts';
import { isReady, isTerminating } from '../status/pod.ts';
import { type Member, type Observed, ofMember } from './observe.ts';
import type { ShardsMaintained } from './shards.ts';

/**
 * What the status says of shards. That they have joined is never taken back: clients know them by it. Of a shard that
 * cannot be asked it says what it had.
 */
export function reportShards(
  { store, members }: Pick<Observed, 'store' | 'members'>,
  { joined, slots }: Partial<Pick<ShardsMaintained, 'joined' | 'slots'>>,
): Pick<KVStoreStatus, 'topology' | 'members'> {
  const known = Math.max(joined ?? 0, store.status?.topology?.members ?? 0);
  return {
    ...(known > 0 && { topology: { mode: 'Sharded' as const, members: known } }),
    members: members.map((member) => {
      const { ordinal, pod } = member;
      const node = pod?.spec.nodeName;
      const held = slots?.[ordinal] ?? store.status?.members?.[ordinal]?.slots;
      return {
        name: memberNames(store.metadata.name, ordinal).pod,
        ...(serves(member) && { role: 'Shard' as const }),
        ready: pod !== undefined && isReady(pod) && !isTerminating(pod),
        ...(node !== undefined && { node }),
        ...(held !== undefined && { slots: held }),
      };
    }),
  };
}

/** The memory of all shards together, in bytes; undefined while one of them cannot be asked. */
export function shardMemory({ members }: Pick<Observed, 'members'>): { limit: number; used: number } | undefined {
  const looks = members.flatMap(({ redis }) => (redis && 'look' in redis ? [redis.look] : []));
  if (looks.length < members.length) return undefined;
  const sum = (of: (look: (typeof looks)[number]) => number) => looks.reduce((total, look) => total + of(look), 0);
  return { limit: sum(({ config }) => Number(config.maxmemory)), used: sum(({ info }) => info.usedMemory) };
}

/**
 * The snapshot as it is for the shard that is worst off: the store is ready when all are that have joined, whatever those
 * do that are to join.
 */
export function worstShard(observed: Observed): Observed {
  const { store, members } = observed;
  if (store.spec.shards === undefined) return observed;
  const joined = members.slice(0, store.status?.topology?.members);
  const isWorst = (member: Member) => (store.spec.enabled ? !serves(member) : member.pod !== undefined);
  const worst = joined.find(isWorst);
  return worst ? ofMember(observed, worst) : observed;
}

function serves({ pod, redis }: Member): boolean {
  const answers = redis !== undefined && 'look' in redis && !redis.look.info.loading;
  return answers && pod !== undefined && isReady(pod) && !isTerminating(pod);
}
