/** One request to an API server, in the words of RBAC. */
export interface ApiRequest {
  verb: 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete' | 'deletecollection';
  /** Empty for the core group. */
  group: string;
  /** Plural, with its subresource: `pods`, `pods/resize`. */
  resource: string;
  namespace: string | undefined;
  name: string | undefined;
}

const READS = new Set(['get', 'list', 'watch']);

/** Whether a request can change something. */
export function isWrite({ verb }: ApiRequest): boolean {
  return !READS.has(verb);
}

/** Reads method and URL of a request; undefined for what is no resource, such as `/healthz` and discovery. */
export function parseRequest(method: string, url: string): ApiRequest | undefined {
  const { pathname, searchParams } = new URL(url, 'http://server');
  const path = readPath(pathname);
  if (!path) return undefined;
  const { group, rest } = path;
  const namespaced = rest[0] === 'namespaces' && rest.length > 2;
  const [plural = '', name, ...sub] = namespaced ? rest.slice(2) : rest;
  const verb = verbOf(method, name !== undefined, searchParams.get('watch') === 'true');
  const resource = [plural, ...sub].join('/');
  return { verb, group, resource, namespace: namespaced ? rest[1] : undefined, name };
}

/** The same URL where it is about one object; that of the namespace's objects where it is about those of all namespaces. */
export function scopeTo(namespace: string, url: string): string {
  const { pathname, search } = new URL(url, 'http://server');
  const path = readPath(pathname);
  return path?.rest.length === 1 ? `${path.prefix}/namespaces/${namespace}/${path.rest[0]}${search}` : url;
}

function readPath(pathname: string): { prefix: string; group: string; rest: string[] } | undefined {
  const parts = pathname.split('/').slice(1).map(decodeURIComponent);
  const length = parts[0] === 'api' ? 2 : parts[0] === 'apis' ? 3 : 0;
  if (length === 0 || parts.length <= length) return undefined;
  const group = length === 3 ? (parts[1] ?? '') : '';
  return { prefix: `/${parts.slice(0, length).join('/')}`, group, rest: parts.slice(length) };
}

function verbOf(method: string, named: boolean, watch: boolean): ApiRequest['verb'] {
  switch (method) {
    case 'POST':
      return 'create';
    case 'PUT':
      return 'update';
    case 'PATCH':
      return 'patch';
    case 'DELETE':
      return named ? 'delete' : 'deletecollection';
    default:
      return watch ? 'watch' : named ? 'get' : 'list';
  }
}
