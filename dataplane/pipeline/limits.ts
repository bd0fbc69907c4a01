import { formatTokens } from '../../contract/prices.ts';
import type { Account, Charged, Counts, Meter, Permit, Reservation } from '../metering/port.ts';
import type { Answer, Call } from './call.ts';
import { ApiError } from './errors.ts';

type Headers = Record<string, string>;

/** Takes one request off the rate limit, or throws rate_limited. A promise only where the ledger has to be asked. */
export function takePermit(meter: Meter, account: Account, headers: Headers): undefined | Promise<void> {
  const permit = meter.permit(account);
  if (permit instanceof Promise) return permit.then((late) => check(late, headers));
  check(permit, headers);
  return undefined;
}

function check(permit: Permit | undefined, headers: Headers): void {
  if (!permit) return;
  headers['X-RateLimit-Limit'] = String(permit.limit);
  headers['X-RateLimit-Remaining'] = String(permit.remaining);
  headers['X-RateLimit-Reset'] = String(permit.resetSeconds);
  if (permit.allowed) return;
  const remedy = 'wait as Retry-After says, or raise spec.limits.requestsPerSecond or spec.plan of the KVStore';
  throw new ApiError('rate_limited', `the project has ${permit.limit} requests per second; ${remedy}`, {
    headers: { 'Retry-After': String(Math.max(1, Math.ceil(permit.retryAfterSeconds))) },
  });
}

/**
 * Runs what the budget covers, and charges what of it ran; throws insufficient_tokens where it does not cover all. A
 * promise only where the ledger or the store has to be asked.
 */
export function charge(
  meter: Meter,
  account: Account,
  counts: Counts,
  headers: Headers,
  call: Call,
  run: () => Answer | Promise<Answer>,
): Answer | Promise<Answer> {
  const asked = meter.reserve(account, counts);
  if (asked instanceof Promise) return asked.then((late) => runCovered(late, counts, headers, call, run));
  return runCovered(asked, counts, headers, call, run);
}

function runCovered(
  reservation: Reservation,
  counts: Counts,
  headers: Headers,
  call: Call,
  run: () => Answer | Promise<Answer>,
): Answer | Promise<Answer> {
  if (!reservation.covered) {
    setTokens(headers, { charged: 0, remaining: reservation.remaining });
    throw new ApiError(
      'insufficient_tokens',
      'the budget of this month does not cover the call; see GET /api/kv/usage, or raise spec.limits.tokensPerMonth or spec.plan of the KVStore',
    );
  }
  const settle = (ran: Counts) => {
    const settled = reservation.settle(ran);
    call.charged = settled.charged;
    setTokens(headers, settled);
  };
  const answered = (answer: Answer) => {
    settle(answer.ran ?? counts);
    return answer;
  };
  const failed = (error: unknown): never => {
    settle((error instanceof ApiError && error.ran) || {});
    throw error;
  };
  let answer: Answer | Promise<Answer>;
  try {
    answer = run();
  } catch (error) {
    return failed(error);
  }
  return answer instanceof Promise ? answer.then(answered, failed) : answered(answer);
}

function setTokens(headers: Headers, { charged, remaining }: Charged): void {
  if (remaining === undefined) return;
  headers['X-Tokens-Charged'] = formatTokens(charged);
  headers['X-Tokens-Remaining'] = formatTokens(remaining);
}
