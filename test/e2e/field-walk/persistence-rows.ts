import { type Row, schema } from './row.ts';
import type { StoreSeen } from './store-seen.ts';

/** How data is kept. `storageClass` is one that the cluster has and that does not let volumes grow. */
export function persistenceRows(storageClass: string): Row<StoreSeen>[] {
  return [
    {
      fields: ['spec.persistence.mode'],
      effect: 'live',
      values: [
        { value: 'rdb', reads: ['no', true] },
        { value: 'aof', reads: ['yes', false] },
        { value: 'rdb', reads: ['no', true] },
        { value: undefined, reads: ['yes', false] },
      ],
      refused: [
        schema('none', /persistence\.mode cannot change to or from none/),
        schema('disk', /Unsupported value.*aof/s),
      ],
      read: ({ config }) => [config.appendonly, config.save !== ''],
    },
    {
      fields: ['spec.persistence.fsync'],
      effect: 'live',
      values: [
        { value: 'always', reads: 'always' },
        { value: 'everysec', reads: 'everysec' },
        { value: 'always', reads: 'always' },
        { value: undefined, reads: 'everysec' },
      ],
      refused: [schema('never', /Unsupported value.*everysec/s)],
      read: ({ config }) => config.appendfsync,
    },
    {
      fields: ['spec.persistence.size'],
      effect: 'claim',
      values: [
        { value: '1Gi', reads: '1Gi' },
        { value: undefined, reads: '1Gi' },
        { value: '1Gi', reads: '1Gi' },
      ],
      refused: [
        schema('512Mi', /persistence\.size cannot shrink/),
        schema('1Mi', /persistence\.size must be a quantity of at least 64Mi/),
        schema('big', /persistence\.size must be a quantity/),
        { value: '2Gi', by: 'VolumeNotExpandable', says: /set allowVolumeExpansion: true/ },
      ],
      read: ({ claim }) => claim.spec.resources.requests.storage,
    },
    {
      fields: ['spec.persistence.storageClassName'],
      effect: 'fixed',
      base: { persistence: { storageClassName: storageClass } },
      values: [{ value: storageClass, reads: storageClass }],
      refused: [
        schema('other', /persistence\.storageClassName cannot change/),
        schema(undefined, /persistence\.storageClassName cannot change/),
      ],
      read: ({ claim }) => claim.spec.storageClassName,
    },
  ];
}
