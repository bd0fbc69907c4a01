/** What a directive's value may look like; Redis itself checks the range. */
type Kind = 'integer' | 'bytes' | 'boolean';

/** A redis.conf directive that a tenant may set. `default` is Redis' own, to which a removed directive goes back. */
export interface Directive {
  kind: Kind;
  default: string;
  why: string;
}

/**
 * The directives that spec.config may have. Each one can be changed in a running Redis, has one value, and can break
 * neither isolation (network, users, files, modules) nor what the operator manages (memory, persistence).
 */
export const TENANT_DIRECTIVES: Readonly<Record<string, Directive>> = {
  'active-expire-effort': { kind: 'integer', default: '1', why: 'how eagerly expired keys are removed' },
  activedefrag: { kind: 'boolean', default: 'no', why: 'gives fragmented memory back' },
  'auto-aof-rewrite-min-size': { kind: 'bytes', default: '67108864', why: 'smallest log that is rewritten' },
  'auto-aof-rewrite-percentage': { kind: 'integer', default: '100', why: 'growth at which the log is rewritten' },
  'dynamic-hz': { kind: 'boolean', default: 'yes', why: 'background work follows the number of clients' },
  'hash-max-listpack-entries': { kind: 'integer', default: '512', why: 'memory against time for small hashes' },
  hz: { kind: 'integer', default: '10', why: 'how often background work runs' },
  'latency-monitor-threshold': { kind: 'integer', default: '0', why: 'records slow events, in ms' },
  'lazyfree-lazy-eviction': { kind: 'boolean', default: 'no', why: 'evicts in the background' },
  'lazyfree-lazy-expire': { kind: 'boolean', default: 'no', why: 'expires in the background' },
  'lazyfree-lazy-server-del': { kind: 'boolean', default: 'no', why: 'overwrites free in the background' },
  'lazyfree-lazy-user-del': { kind: 'boolean', default: 'no', why: 'DEL frees in the background' },
  'lfu-decay-time': { kind: 'integer', default: '1', why: 'how fast use is forgotten under an lfu policy' },
  'lfu-log-factor': { kind: 'integer', default: '10', why: 'how fast use saturates under an lfu policy' },
  maxclients: { kind: 'integer', default: '10000', why: 'bounds connections' },
  'maxmemory-clients': { kind: 'bytes', default: '0', why: 'bounds the memory of all connections' },
  'maxmemory-eviction-tenacity': { kind: 'integer', default: '10', why: 'latency against eviction' },
  'maxmemory-samples': { kind: 'integer', default: '5', why: 'precision of lru and lfu' },
  'no-appendfsync-on-rewrite': { kind: 'boolean', default: 'no', why: 'latency against durability during a rewrite' },
  rdbcompression: { kind: 'boolean', default: 'yes', why: 'processor time against disk' },
  'slowlog-log-slower-than': { kind: 'integer', default: '10000', why: 'what counts as slow, in microseconds' },
  'slowlog-max-len': { kind: 'integer', default: '128', why: 'length of the slow log' },
};

const PATTERNS: Readonly<Record<Kind, RegExp>> = {
  integer: /^-?\d{1,18}$/,
  bytes: /^\d{1,15}([kmg]b?)?$/i,
  boolean: /^(yes|no)$/,
};

const EXAMPLES: Readonly<Record<Kind, string>> = { integer: '10', bytes: '64mb', boolean: 'yes or no' };

const UNITS: Readonly<Record<string, number>> = {
  k: 1e3,
  kb: 2 ** 10,
  m: 1e6,
  mb: 2 ** 20,
  g: 1e9,
  gb: 2 ** 30,
};

/** A directive of spec.config that is not taken over, and what to do about it. */
export interface RefusedDirective {
  name: string;
  remedy: string;
}

/** Splits spec.config into values as `CONFIG GET` would show them and what is refused before Redis is asked. */
export function readTenantConfig(config: Readonly<Record<string, string>> = {}): {
  values: Record<string, string>;
  unknown: string[];
  malformed: RefusedDirective[];
} {
  const values: Record<string, string> = {};
  const unknown: string[] = [];
  const malformed: RefusedDirective[] = [];
  for (const [name, value] of Object.entries(config)) {
    const directive = Object.hasOwn(TENANT_DIRECTIVES, name) ? TENANT_DIRECTIVES[name] : undefined;
    if (!directive) unknown.push(name);
    else if (PATTERNS[directive.kind].test(value)) values[name] = normalise(directive.kind, value);
    else malformed.push({ name, remedy: `write it as ${directive.kind}, for example ${EXAMPLES[directive.kind]}` });
  }
  return { values, unknown, malformed };
}

/** The values of all tenant directives: those given, and Redis' defaults for the rest. */
export function withDefaults(values: Readonly<Record<string, string>>): Record<string, string> {
  const defaults = Object.entries(TENANT_DIRECTIVES).map(([name, directive]) => [name, directive.default]);
  return { ...Object.fromEntries(defaults), ...values };
}

function normalise(kind: Kind, value: string): string {
  if (kind === 'boolean') return value;
  if (kind === 'integer') return String(BigInt(value));
  const [, number = '', unit = ''] = /^(\d+)(\D*)$/.exec(value.toLowerCase()) ?? [];
  return String(Number(number) * (UNITS[unit] ?? 1));
}
