import type { DurableOptions } from './options.ts';

/** A base URL without query, fragment and trailing slashes. Throws a TypeError where it is none that can be called. */
export function readBase(baseUrl: string | undefined): string {
  const url = parseUrl(baseUrl);
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new TypeError('baseUrl must be an http or https URL, such as https://kv.example.com');
  }
  if (url.username !== '' || url.password !== '') {
    throw new TypeError('baseUrl must not hold a user or password: the token is all that is needed');
  }
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
}

function parseUrl(text: string | undefined): URL | undefined {
  try {
    return new URL(text ?? '');
  } catch {
    return undefined;
  }
}

/**
 * The token without the space around it, which files often end with. Throws a TypeError where it is absent or could not
 * stand in a header, for fetch would put it into its error text.
 */
export function readToken(token: string | undefined): string {
  const text = token?.trim() ?? '';
  if (text === '') throw new TypeError('no token: pass one, such as sk_live_… from the Secret of a KVToken');
  if (!/^[\x21-\x7e]+$/.test(text)) throw new TypeError('the token holds characters that no token has');
  return text;
}

/** A key, or another name, as one segment of a path. Throws a TypeError for the few that no URL can hold. */
export function segmentOf(name: string): string {
  // URL parsers take these for steps through the path, however they are encoded.
  if (name === '' || name === '.' || name === '..') {
    throw new TypeError(`"${name}" cannot stand in the path of a URL: for a key, use batch or createKVClient`);
  }
  if (/\p{Surrogate}/u.test(name)) throw new TypeError('a key must not hold half of a surrogate pair');
  return encodeURIComponent(name);
}

/** A query with its question mark; empty where every member is undefined. */
export function queryOf(members: Readonly<Record<string, string | number | undefined>>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(members)) if (value !== undefined) query.set(name, String(value));
  const text = query.toString();
  return text === '' ? '' : `?${text}`;
}

/** The headers of a request. */
export function headersOf(
  token: string,
  body: string | undefined,
  { cache, durability }: DurableOptions,
): Record<string, string> {
  return {
    Authorization: `Bearer ${token}`,
    ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
    ...(cache === undefined ? {} : { 'Cache-Control': cache }),
    ...(durability === undefined ? {} : { 'X-Durability': String(durability) }),
  };
}

/** Whether a request may say how caches are to treat it; some edge runtimes throw on that. */
export function acceptsCache(): boolean {
  try {
    new Request('http://localhost/', { cache: 'no-store' });
    return true;
  } catch {
    return false;
  }
}
