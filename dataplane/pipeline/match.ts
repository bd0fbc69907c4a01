import type { Operation } from './operation.ts';

/** What a request line turned out to mean. */
export type Match =
  | { found: 'operation'; operation: Operation; rawKey: string | undefined; query: string }
  | { found: 'other-methods'; allow: readonly string[] }
  | { found: 'nothing' };

interface Path {
  before: string;
  after: string;
  methods: Map<string, Operation>;
}

const NOTHING: Match = { found: 'nothing' };

/** Finds the operation of a method and a request target; what stands for `{key}` or the like is given as it was sent. */
export function createMatcher(operations: readonly Operation[]): (method: string, target: string) => Match {
  const fixed = new Map<string, Map<string, Operation>>();
  const keyed: Path[] = [];
  for (const operation of operations) {
    const [before = '', after] = operation.path.split(/\{\w+\}/);
    if (after === undefined) methodsOf(fixed, operation.path).set(operation.method, operation);
    else pathOf(keyed, before, after).methods.set(operation.method, operation);
  }
  // The longest ending first: /infra/kv/a/increment is an increment of a where the method says so, and else a key.
  keyed.sort((a, b) => b.after.length - a.after.length);

  return (method, target) => {
    const queryAt = target.indexOf('?');
    const query = queryAt < 0 ? '' : target.slice(queryAt + 1);
    const path = withoutAuthority(queryAt < 0 ? target : target.slice(0, queryAt));
    const wanted = method === 'HEAD' ? 'GET' : method;
    const exact = fixed.get(path);
    if (exact) {
      const operation = exact.get(wanted);
      return operation ? { found: 'operation', operation, rawKey: undefined, query } : others([exact]);
    }
    const fitting: Map<string, Operation>[] = [];
    for (const { before, after, methods } of keyed) {
      if (path.length < before.length + after.length || !path.startsWith(before) || !path.endsWith(after)) continue;
      const operation = methods.get(wanted);
      if (operation) {
        const rawKey = path.slice(before.length, path.length - after.length);
        return { found: 'operation', operation, rawKey, query };
      }
      fitting.push(methods);
    }
    return fitting.length === 0 ? NOTHING : others(fitting);
  };
}

/** The path of a target in absolute form (RFC 9112, section 3.2.2) as it was sent; a URL parser might rewrite a key. */
function withoutAuthority(path: string): string {
  if (path.startsWith('/')) return path;
  const at = path.indexOf('/', path.indexOf('://') + 3);
  return at < 0 ? '/' : path.slice(at);
}

function others(maps: readonly Map<string, Operation>[]): Match {
  return { found: 'other-methods', allow: [...new Set(maps.flatMap((methods) => [...methods.keys()]))].sort() };
}

function methodsOf(fixed: Map<string, Map<string, Operation>>, path: string): Map<string, Operation> {
  const methods = fixed.get(path) ?? new Map<string, Operation>();
  fixed.set(path, methods);
  return methods;
}

function pathOf(paths: Path[], before: string, after: string): Path {
  const known = paths.find((path) => path.before === before && path.after === after);
  if (known) return known;
  const path = { before, after, methods: new Map<string, Operation>() };
  paths.push(path);
  return path;
}
