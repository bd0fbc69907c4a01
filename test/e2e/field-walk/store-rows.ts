import { directiveRow } from './directives.ts';
import { persistenceRows } from './persistence-rows.ts';
import { podRows } from './pod-rows.ts';
import { type Row, schema } from './row.ts';
import type { StoreSeen } from './store-seen.ts';
import { topologyRows } from './topology-rows.ts';

const MIB = 2 ** 20;

/** The rows of KVStore. `storageClass` is one that the cluster has and that does not let volumes grow. */
export function storeRows(storageClass: string): Row<StoreSeen>[] {
  return [
    {
      fields: ['spec.projectId'],
      effect: 'fixed',
      base: { projectId: 'e2e-walked' },
      values: [{ value: 'e2e-walked', reads: 'e2e-walked' }],
      refused: [
        schema('e2e-other', /projectId cannot change, .*create another KVStore/),
        schema(undefined, /projectId cannot change/),
        schema('a/b', /should match/),
      ],
      read: ({ store }) => store.status?.projectId,
    },
    {
      fields: ['spec.version'],
      effect: 'restart',
      base: { version: '7.0' },
      values: [
        { value: '7.0', reads: '7.0' },
        { value: '8.0', reads: '8.0' },
      ],
      refused: [
        schema('latest', /version must be a Redis version such as "8\.0"/),
        schema(undefined, /set spec\.version, for example "8\.0", or spec\.image/),
        { value: '9.9', by: 'VersionUnknown', says: /use one of .*8\.0/ },
        { value: '7.0', by: 'DowngradeRefused', says: /set spec\.version or spec\.image to 8\.0 or newer/ },
      ],
      read: ({ info }) => info.redis_version?.split('.').slice(0, 2).join('.'),
    },
    {
      fields: ['spec.image'],
      effect: 'restart',
      base: { version: '7.0' },
      values: [
        { value: undefined, reads: ['docker.io/library/redis:7.0', '7'] },
        { value: 'docker.io/library/redis:8.0', reads: ['docker.io/library/redis:8.0', '8'] },
      ],
      refused: [
        schema('Not An Image', /image must be an image reference such as "redis:8\.0\.2"/),
        { value: 'docker.io/library/redis:none', by: 'ImageUnavailable', says: /correct spec\.image/ },
        { value: 'docker.io/library/redis:7.0', by: 'DowngradeRefused', says: /8\.0 or newer/ },
        { value: undefined, by: 'DowngradeRefused', says: /8\.0 or newer/ },
      ],
      read: ({ pod, info }) => [pod.spec.containers[0].image, info.redis_version?.split('.')[0]],
    },
    {
      fields: ['spec.memory'],
      effect: 'live',
      values: [
        { value: '48Mi', reads: [48 * MIB, '112Mi', '160Mi'] },
        { value: '40Mi', reads: [40 * MIB, '104Mi', '144Mi'] },
        { value: undefined, reads: [256 * MIB, '320Mi', '576Mi'] },
        { value: 64 * MIB, reads: [64 * MIB, '128Mi', '192Mi'] },
      ],
      refused: [
        schema('8Mi', /memory must be a quantity of at least 16Mi; write it with a unit/),
        schema('32Ti', /memory must be at most 16Ti/),
        schema('much', /memory must be a quantity/),
        { value: '900Gi', by: 'ResizeRefused', says: /ask for less/ },
      ],
      read: ({ config, container: { resources } }) => [
        Number(config.maxmemory),
        resources.requests.memory,
        resources.limits.memory,
      ],
    },
    {
      fields: ['spec.evictionPolicy'],
      effect: 'live',
      values: [
        { value: 'allkeys-lru', reads: 'allkeys-lru' },
        { value: 'volatile-ttl', reads: 'volatile-ttl' },
        { value: undefined, reads: 'noeviction' },
        { value: 'allkeys-lfu', reads: 'allkeys-lfu' },
      ],
      refused: [schema('lru', /Unsupported value.*noeviction/s)],
      read: ({ config }) => config['maxmemory-policy'],
    },
    {
      fields: ['spec.enabled'],
      effect: 'hibernation',
      values: [
        { value: false, reads: [503, undefined] },
        { value: true, reads: [200, 'Running'] },
        { value: false, reads: [503, undefined] },
        { value: undefined, reads: [200, 'Running'] },
      ],
      refused: [schema('no', /must be of type boolean/)],
      read: ({ answer, pod }) => [answer.status, pod?.status.phase],
    },
    {
      fields: ['spec.deletionPolicy'],
      effect: 'claim',
      values: [
        { value: 'Delete', reads: ['KVStore'] },
        { value: 'Retain', reads: [] },
        { value: 'Delete', reads: ['KVStore'] },
        { value: undefined, reads: [] },
      ],
      refused: [schema('Keep', /Unsupported value.*Retain/s)],
      read: ({ claim }) => (claim.metadata.ownerReferences ?? []).map(({ kind }: { kind: string }) => kind),
    },
    {
      fields: ['spec.reads'],
      effect: 'data plane',
      values: [
        { value: 'cached', reads: true },
        { value: 'primary', reads: false },
        { value: 'cached', reads: true },
        { value: undefined, reads: false },
      ],
      refused: [schema('replica', /Unsupported value.*primary/s)],
      read: ({ info }) => Number(info.tracking_clients) > 0,
    },
    {
      fields: ['spec.access.redis'],
      effect: 'live',
      values: [
        { value: true, reads: [true, 'main-redis-access'] },
        { value: false, reads: [false, undefined] },
        { value: true, reads: [true, 'main-redis-access'] },
        { value: undefined, reads: [false, undefined] },
      ],
      refused: [schema('yes', /must be of type boolean/)],
      read: ({ users, store }) => [users.includes('native'), store.status?.binding?.name],
    },
    {
      fields: ['spec.plan'],
      effect: 'data plane',
      values: [
        { value: 'free', reads: '20' },
        { value: undefined, reads: undefined },
        { value: 'free', reads: '20' },
      ],
      refused: [
        schema('Free!', /plan must have only a-z, 0-9 and '-'/),
        { value: 'none-such', by: 'PlanUnknown', says: /use one of free/ },
      ],
      read: ({ answer }) => answer.headers['x-ratelimit-limit'],
    },
    {
      fields: ['spec.limits.requestsPerSecond'],
      effect: 'data plane',
      values: [
        { value: 500, reads: '500' },
        { value: 600, reads: '600' },
        { value: undefined, reads: undefined },
        { value: 700, reads: '700' },
      ],
      refused: [schema(0, /greater than or equal to 1/), schema(1.5, /must be of type integer/)],
      read: ({ answer }) => answer.headers['x-ratelimit-limit'],
    },
    {
      fields: ['spec.limits.burst'],
      effect: 'data plane',
      base: { limits: { requestsPerSecond: 500 } },
      values: [
        { value: 900, reads: [900, true] },
        { value: 5_000, reads: [5_000, true] },
        { value: undefined, reads: [undefined, true] },
        { value: 700, reads: [700, true] },
      ],
      refused: [schema(0, /greater than or equal to 1/)],
      read: ({ store, answer }) => {
        const burst = store.status?.limits?.burst;
        return [burst, Number(answer.headers['x-ratelimit-remaining']) <= (burst ?? 500)];
      },
    },
    {
      fields: ['spec.limits.tokensPerMonth'],
      effect: 'data plane',
      values: [
        { value: '2', reads: '1' },
        { value: '1000', reads: '999' },
        { value: undefined, reads: undefined },
        { value: '3', reads: '2' },
      ],
      refused: [
        schema('0', /limits\.tokensPerMonth must be a decimal number above 0/),
        schema(5, /must be of type string/),
      ],
      read: ({ answer }) => answer.headers['x-tokens-remaining']?.split('.')[0],
    },
    ...persistenceRows(storageClass),
    directiveRow,
    ...podRows,
    ...topologyRows,
    ...topologyRows,
  ];
}
