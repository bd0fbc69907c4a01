import { joinMessages, type Verdict } from './finding.ts';
import type { RefusalReason, StoreFacts, TroubleReason } from './store-facts.ts';

/** What needs attention. */
export type DegradedReason = RefusalReason | TroubleReason | 'AsExpected';

/**
 * Whether something needs attention. Redis may serve all the same: Ready tells. What is wrong with Redis goes before what
 * is wrong with spec, which SpecAccepted tells as well.
 */
export function degraded({ refusals, troubles }: StoreFacts): Verdict<DegradedReason> {
  const all = [...troubles, ...refusals];
  const [first] = all;
  if (first) return { type: 'Degraded', status: 'True', reason: first.reason, message: joinMessages(all) };
  return { type: 'Degraded', status: 'False', reason: 'AsExpected', message: 'nothing needs attention' };
}
