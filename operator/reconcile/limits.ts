import type { KVStore } from '../../contract/objects.ts';
import type { Finding } from '../status/finding.ts';
import type { StoreLimits } from '../status/store-facts.ts';
import type { Settings } from './context.ts';

/** The limits that hold for a store, and why those of its spec do not. */
export interface Resolved {
  /** Undefined where nothing is limited. */
  limits: StoreLimits | undefined;
  refusals: Finding<'PlanUnknown'>[];
}

/**
 * Makes one set of limits of spec.plan and spec.limits, which goes first in each field. Under a plan that is not known
 * the limits stay as they were, so that a typing mistake neither lifts a limit nor stops a client.
 */
export function resolveLimits({ spec, status }: KVStore, plans: Settings['plans']): Resolved {
  const plan = spec.plan === undefined ? {} : Object.hasOwn(plans, spec.plan) ? plans[spec.plan] : undefined;
  if (plan) return { limits: settle({ ...plan, ...spec.limits }), refusals: [] };
  const names = Object.keys(plans).sort().join(', ');
  const remedy = names ? `use one of ${names}` : 'this installation has none, so use spec.limits alone';
  const message = `spec.plan "${spec.plan}" is not a plan of this installation; ${remedy}. The limits stay as they were`;
  return { limits: status?.limits ?? settle({ ...spec.limits }), refusals: [{ reason: 'PlanUnknown', message }] };
}

/** A burst means nothing without a rate. */
function settle({ requestsPerSecond, burst, tokensPerMonth }: StoreLimits): StoreLimits | undefined {
  const rate = requestsPerSecond !== undefined && { requestsPerSecond, ...(burst !== undefined && { burst }) };
  const limits = { ...rate, ...(tokensPerMonth !== undefined && { tokensPerMonth }) };
  return Object.keys(limits).length > 0 ? limits : undefined;
}
