import type { Finding, Verdict } from './finding.ts';

/** What is asked of a token and not done. */
export type TokenRefusalReason = 'RotateMalformed' | 'RotationNotPossible' | 'RotationWaits';

/** Whether all that is asked of a token is done. What is not leaves the token as it was. */
export function tokenSpecAccepted(
  refusal: Finding<TokenRefusalReason> | undefined,
): Verdict<TokenRefusalReason | 'Accepted'> {
  if (refusal) return { type: 'SpecAccepted', status: 'False', ...refusal };
  return { type: 'SpecAccepted', status: 'True', reason: 'Accepted', message: 'spec is taken over' };
}
