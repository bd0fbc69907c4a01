import type { Resource } from './resources.ts';

/** Query parameters; undefined ones are left out. */
export type Query = Readonly<Record<string, string | number | undefined>>;

/** What a URL points at. */
export interface Target {
  resource: Resource;
  namespace?: string | undefined;
  name?: string | undefined;
  subresource?: string | undefined;
  query?: Query | undefined;
}

/**
 * The path and query of an object, a subresource, or (without a name) a collection. Throws when a named object of a
 * namespaced kind lacks its namespace.
 */
export function pathOf({ resource, namespace, name, subresource, query = {} }: Target): string {
  const { group, version, kind, plural, namespaced } = resource;
  if (namespaced && name && !namespace) throw new Error(`${kind} ${name} needs a namespace`);
  const segments = group ? ['apis', group, version] : ['api', version];
  if (namespaced && namespace) segments.push('namespaces', namespace);
  segments.push(plural);
  if (name) segments.push(name);
  if (subresource) segments.push(subresource);
  const path = segments.map((segment) => `/${encodeURIComponent(segment)}`).join('');
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== '') search.set(name, String(value));
  }
  return search.size > 0 ? `${path}?${search}` : path;
}
