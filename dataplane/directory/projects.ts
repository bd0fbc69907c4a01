import { LEDGER, PROJECT_ID_PATTERN } from '../../contract/projects.ts';

/** A part of the sorted ids: those that begin with `prefix` and come after `after`, at most `limit`. */
export interface Page {
  prefix: string;
  after: string;
  limit: number;
}

/**
 * The ids that stores claim, sorted, of all namespaces and of each. Kept in order at each change, so that a page costs
 * what is on it. An id that nobody can name, or that only the ledger may have, is in none.
 */
export interface ProjectList {
  add(namespace: string, project: string): void;
  remove(namespace: string, project: string): void;
  /** Those of one namespace, or of all where none is given. */
  page(namespace: string | undefined, page: Page): readonly string[];
}

/** An empty list. */
export function createProjectList(): ProjectList {
  const everywhere = createScope();
  const scopes = new Map<string, Scope>();
  return {
    add(namespace, project) {
      if (!isListed(project)) return;
      const scope = scopes.get(namespace) ?? createScope();
      scopes.set(namespace, scope);
      for (const each of [everywhere, scope]) count(each, project, 1);
    },
    remove(namespace, project) {
      const scope = scopes.get(namespace);
      if (!scope || !isListed(project)) return;
      for (const each of [everywhere, scope]) count(each, project, -1);
      if (scope.sorted.length === 0) scopes.delete(namespace);
    },
    page(namespace, { prefix, after, limit }) {
      const sorted = (namespace === undefined ? everywhere : scopes.get(namespace))?.sorted ?? [];
      let at = Math.max(indexOf(sorted, prefix), indexOf(sorted, after));
      if (sorted[at] === after) at++;
      const found = sorted.slice(at, at + limit);
      const end = found.findIndex((project) => !project.startsWith(prefix));
      return end < 0 ? found : found.slice(0, end);
    },
  };
}

interface Scope {
  sorted: string[];
  /** How many stores claim each; two may. */
  claims: Map<string, number>;
}

function createScope(): Scope {
  return { sorted: [], claims: new Map() };
}

function count({ sorted, claims }: Scope, project: string, by: 1 | -1): void {
  const before = claims.get(project) ?? 0;
  const now = before + by;
  if (now > 0) claims.set(project, now);
  else claims.delete(project);
  if (before === 0) sorted.splice(indexOf(sorted, project), 0, project);
  else if (now === 0) sorted.splice(indexOf(sorted, project), 1);
}

/** Where an id is, or where it would have to go. */
function indexOf(sorted: readonly string[], project: string): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as string) < project) low = middle + 1;
    else high = middle;
  }
  return low;
}

function isListed(project: string): boolean {
  return PROJECT_ID_PATTERN.test(project) && project !== LEDGER.projectId;
}
