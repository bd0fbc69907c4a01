import { type Row, schema } from './row.ts';
import type { StoreSeen } from './store-seen.ts';

/** How many Redis a store is made of: it can grow while it serves, and never shrinks. */
export const topologyRows: Row<StoreSeen>[] = [
  {
    fields: ['spec.replicas'],
    effect: 'live',
    values: [
      // The first pod becomes a member among others, and is rolled once another one is the primary.
      { value: 3, reads: [{ mode: 'Replicated', members: 3 }, 'in step'], restarts: true },
      { value: 5, reads: [{ mode: 'Replicated', members: 5 }, 'in step'], restarts: true },
    ],
    refused: [
      schema(4, /replicas: Unsupported value: 4: supported values: "1", "3", "5"/),
      schema(3, /replicas cannot shrink; create another KVStore with restoreFrom/),
      schema(undefined, /replicas cannot shrink/),
    ],
    read: ({ store, info }) => [store.status?.topology, inStep(info)],
  },
  {
    fields: ['spec.shards'],
    effect: 'live',
    base: { shards: 2 },
    values: [
      { value: 2, reads: [{ mode: 'Sharded', members: 2 }, 'yes'] },
      { value: 3, reads: [{ mode: 'Sharded', members: 3 }, 'yes'] },
    ],
    refused: [
      schema(2, /shards cannot shrink; create another KVStore/),
      schema(65, /shards .*should be less than or equal to 64/),
      schema(undefined, /shards cannot be set or removed later; create another KVStore/),
    ],
    read: ({ store, config }) => [store.status?.topology, config['cluster-enabled']],
  },
];

/** As the first member sees it, whichever it is now. */
function inStep({ role, connected_slaves: replicas, master_link_status: link }: Record<string, string>): string {
  const is = role === 'master' ? Number(replicas) >= 2 : link === 'up';
  return is ? 'in step' : `${role} with ${replicas} replicas, its own link ${link}`;
}
