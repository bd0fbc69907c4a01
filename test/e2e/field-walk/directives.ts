import { readTenantConfig, withDefaults } from '../../../operator/resources/directives.ts';
import type { Row } from './row.ts';
import type { StoreSeen } from './store-seen.ts';

/** For each directive of the allow-list: two values other than its default, and one that is malformed or that Redis refuses. */
export const directiveValues: Readonly<Record<string, readonly [string, string, string]>> = {
  'active-expire-effort': ['2', '3', '11'],
  activedefrag: ['no', 'no', 'maybe'],
  'auto-aof-rewrite-min-size': ['32mb', '48mb', 'big'],
  'auto-aof-rewrite-percentage': ['50', '150', '-1'],
  'dynamic-hz': ['no', 'no', '1'],
  'hash-max-listpack-entries': ['256', '128', 'x'],
  hz: ['20', '30', 'fast'],
  'latency-monitor-threshold': ['100', '200', '-1'],
  'lazyfree-lazy-eviction': ['yes', 'yes', 'maybe'],
  'lazyfree-lazy-expire': ['yes', 'yes', 'maybe'],
  'lazyfree-lazy-server-del': ['yes', 'yes', 'maybe'],
  'lazyfree-lazy-user-del': ['yes', 'yes', 'maybe'],
  'lfu-decay-time': ['2', '3', '-1'],
  'lfu-log-factor': ['11', '12', '-1'],
  maxclients: ['5000', '6000', '0'],
  'maxmemory-clients': ['5mb', '6mb', '5%%'],
  'maxmemory-eviction-tenacity': ['20', '30', '101'],
  'maxmemory-samples': ['6', '7', '0'],
  'no-appendfsync-on-rewrite': ['yes', 'yes', 'on'],
  rdbcompression: ['no', 'no', 'on'],
  'slowlog-log-slower-than': ['5000', '20000', '-2'],
  'slowlog-max-len': ['64', '32', '-1'],
};

const names = Object.keys(directiveValues);
const column = (index: 0 | 1 | 2) => Object.fromEntries(names.map((name) => [name, directiveValues[name]?.[index]]));

/** What CONFIG GET says of them. */
const shown = (index: 0 | 1) => withDefaults(readTenantConfig(column(index) as Record<string, string>).values);

/** All directives at once: the operator sets them one by one, so that each stands for itself. */
export const directiveRow: Row<StoreSeen> = {
  fields: ['spec.config'],
  effect: 'live',
  values: [
    { value: column(0), reads: shown(0) },
    { value: column(1), reads: shown(1) },
    { value: undefined, reads: withDefaults({}) },
    { value: column(1), reads: shown(1) },
  ],
  refused: [
    { value: { ...column(1), hz: 5 }, by: 'API server', says: /must be of type string/ },
    {
      value: { ...column(1), dir: '/etc' },
      by: 'ConfigNotAllowed',
      says: /dir may not be set; allowed are .*slowlog-max-len/,
    },
    {
      value: column(2),
      by: 'ConfigInvalid',
      says: names.map((name) => new RegExp(`value of ${name} is .*write it as|correct spec\\.config\\.${name}:`)),
    },
  ],
  read: ({ config }) => Object.fromEntries(names.map((name) => [name, config[name]])),
};
