import { type Reach, reach } from '../directory/reach.ts';
import type { StoreIndex } from '../directory/stores.ts';
import type { Stores } from '../store/port.ts';
import type { Context, Middleware } from './context.ts';
import { ApiError } from './errors.ts';

/** Sets `store` and `project` for the token and the project that the request names; see reach for the rule. */
export function resolveStore(directory: StoreIndex, systemNamespace: string, stores: Stores): Middleware {
  return (ctx, next) => {
    const { token } = ctx.state;
    const named = token.type === 'ApiKey' ? namedProject(ctx) : undefined;
    const target = targetOf(reach(directory, systemNamespace, token, named));
    ctx.state.project = target.project;
    ctx.state.store = stores.open(target);
    return next();
  };
}

function targetOf(found: Reach) {
  switch (found.state) {
    case 'serving':
      return found.target;
    case 'hibernated':
      throw new ApiError('store_hibernated', 'the store is stopped, with its data kept; set its spec.enabled to true');
    case 'unavailable':
      throw new ApiError('store_unavailable', found.detail);
    case 'project-required':
      throw new ApiError('project_required', 'an API key needs project_id, in the JSON body or in the query');
    case 'not-found':
      throw new ApiError('not_found', 'there is no such project');
  }
}

/** `project_id` of the body, a string or an integer, else of the query; undefined where it is lacking or empty. */
function namedProject({ state, query }: Context): string | undefined {
  if (state.body?.json.has('project_id')) return projectText(state.body.json.value('project_id')) || undefined;
  const named = query.project_id;
  if (Array.isArray(named)) throw new ApiError('bad_request', 'the query has more than one project_id');
  return named || undefined;
}

function projectText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (Number.isSafeInteger(value)) return String(value);
  throw new ApiError('bad_request', 'project_id must be a string or an integer');
}
