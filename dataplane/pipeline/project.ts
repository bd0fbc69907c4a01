import { type Reach, reach } from '../directory/reach.ts';
import type { StoreIndex, StoreTarget } from '../directory/stores.ts';
import type { TokenRecord } from '../directory/tokens.ts';
import type { JsonObject } from '../json/object.ts';
import { ApiError } from './errors.ts';

/** What the token reaches; `named` is only asked where the token needs a project. See reach for the rule. */
export function resolve(
  directory: StoreIndex,
  systemNamespace: string,
  token: TokenRecord,
  named: () => string | undefined,
): Reach {
  return reach(directory, systemNamespace, token, token.type === 'ApiKey' ? named() : undefined);
}

/** What is known of the project's store; throws what the client gets to know where it names none, or none in reach. */
export function requireKnown(found: Reach): Exclude<Reach, { state: 'project-required' | 'not-found' }> {
  switch (found.state) {
    case 'project-required':
      throw new ApiError('project_required', 'an API key needs project_id, in the JSON body or in the query');
    case 'not-found':
      throw new ApiError('not_found', 'there is no such project');
    default:
      return found;
  }
}

/** The store that serves; throws what the client gets to know where none does. */
export function requireServing(found: Reach): StoreTarget {
  const known = requireKnown(found);
  switch (known.state) {
    case 'serving':
      return known.target;
    case 'hibernated':
      throw new ApiError('store_hibernated', 'the store is stopped, with its data kept; set its spec.enabled to true');
    case 'unavailable':
      throw new ApiError('store_unavailable', known.detail);
  }
}

/** `project_id` of the body, a string or an integer, else of the query; undefined where it is lacking or empty. */
export function namedProject(json: JsonObject | undefined, query: URLSearchParams): string | undefined {
  if (json?.has('project_id')) return projectText(json.value('project_id')) || undefined;
  return query.get('project_id') || undefined;
}

function projectText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (Number.isSafeInteger(value)) return String(value);
  throw new ApiError('bad_request', 'project_id must be a string or an integer');
}
