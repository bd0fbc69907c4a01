/** The pages of a project. */
export const PAGES = ['kv', 'usage', 'settings', 'backups', 'tokens'] as const;

export type Page = (typeof PAGES)[number];

/** What the address bar's fragment names; the server never sees it. `project` is absent before one is chosen. */
export interface Route {
  project?: string;
  page: Page;
  /** The key that is open. */
  key?: string;
}

/** Reads a location such as `/shop/kv/user%3A1`; what makes no sense leads to the page KV Store. */
export function parseRoute(location: string): Route {
  const [project = '', page = '', ...rest] = location.replace(/^\//, '').split('/').map(decode);
  if (project === '') return { page: 'kv' };
  const known = PAGES.find((name) => name === page) ?? 'kv';
  const key = rest.join('/');
  return { project, page: known, ...(known === 'kv' && key !== '' ? { key } : {}) };
}

/** The location of a route, as `parseRoute` reads it. */
export function formatRoute({ project, page, key }: Route): string {
  if (project === undefined) return '/';
  const parts = [project, page, ...(key === undefined ? [] : [key])];
  return `/${parts.map(encodeURIComponent).join('/')}`;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
