import type { Verdict } from './finding.ts';
import { joinMessages } from './finding.ts';
import type { StepReason, StoreFacts } from './store-facts.ts';

/** What a store is on its way to, or why it is not. */
export type ProgressingReason = StepReason | 'Settled' | 'Blocked';

/** Whether the operator is bringing the store to what spec says. */
export function progressing({ steps, refusals }: StoreFacts): Verdict<ProgressingReason> {
  // What clients feel goes before what they do not.
  const first = steps.find(({ reason }) => reason === 'Restarting') ?? steps[0];
  if (first) return { type: 'Progressing', status: 'True', reason: first.reason, message: joinMessages(steps) };
  if (refusals.length > 0) {
    const message = 'a part of spec is not taken over; the condition SpecAccepted says which, and what to do';
    return { type: 'Progressing', status: 'False', reason: 'Blocked', message };
  }
  return { type: 'Progressing', status: 'False', reason: 'Settled', message: 'everything is as spec says' };
}
