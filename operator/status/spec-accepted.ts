import { joinMessages, type Verdict } from './finding.ts';
import type { RefusalReason, StoreFacts } from './store-facts.ts';

/** What of spec is not taken over. */
export type SpecAcceptedReason = RefusalReason | 'Accepted';

/** Whether all of spec is taken over. What is not leaves the store as it was before. */
export function specAccepted({ refusals }: StoreFacts): Verdict<SpecAcceptedReason> {
  const [first] = refusals;
  if (first) return { type: 'SpecAccepted', status: 'False', reason: first.reason, message: joinMessages(refusals) };
  return { type: 'SpecAccepted', status: 'True', reason: 'Accepted', message: 'spec is taken over' };
}
