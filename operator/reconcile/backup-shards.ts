import type { BackupShard } from '../../contract/backup.ts';
import { memberNames, REDIS_PORT } from '../../contract/names.ts';
import type { KVStore } from '../../contract/objects.ts';
import { type ClusterView, countOf, parseClusterNodes, SLOTS } from '../redis/cluster-nodes.ts';
import { askRedis, hostOf } from './backup-redis.ts';
import type { Context } from './context.ts';
import { planShards } from './shards-plan.ts';

/** The shards of a store by ordinal. */
export type Shards = readonly BackupShard[];

/**
 * The shards that have joined, where all of them answer and no slot is on its way from one to another: else a key that
 * moves on between the reading of two would be read twice. Otherwise why not.
 */
export async function findShards(
  context: Pick<Context, 'caches' | 'connectRedis' | 'masterKeys'>,
  store: KVStore,
): Promise<Shards | string> {
  const joined = store.status?.topology?.members;
  if (joined === undefined) return 'the shards of the store do not serve yet; the backup begins when they do';
  const views: ClusterView[] = [];
  const hosts: string[] = [];
  for (let ordinal = 0; ordinal < joined; ordinal++) {
    const { pod } = memberNames(store.metadata.name, ordinal);
    const host = hostOf(context, store, pod);
    if (host === undefined) return `the shard ${pod} does not run; the backup begins when it does`;
    hosts.push(host);
    try {
      const nodes = await askRedis(context, store, host, (session) => session.cluster('NODES'));
      views.push(parseClusterNodes(String(nodes)));
    } catch (error) {
      return `the shard ${pod} does not answer; the backup begins when it does: ${(error as Error).message}`;
    }
  }
  return unsettled(views) ?? views.map(({ slots }, i) => ({ host: hosts[i] ?? '', port: REDIS_PORT, slots }));
}

/** Why some slot has not one shard that has all its keys; undefined where each has. */
export function unsettled(views: readonly ClusterView[]): string | undefined {
  const { meet, assign, moves, lost } = planShards(views);
  if (lost > 0) return 'a shard of the store has lost its volume; see its condition Degraded, and do as that says';
  const held = countOf(views.flatMap(({ slots }) => slots));
  if (meet.length + assign.length + moves.length === 0 && held === SLOTS) return undefined;
  return 'slots of the store are on their way from shard to shard; the backup begins when they have settled';
}
