import { formatTokens } from '../../contract/prices.ts';
import type { Account, Charged, Counts, Meter, Permit } from '../metering/port.ts';
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
  throw new ApiError('rate_limited', `the store takes ${permit.limit} requests per second; try again later`, {
    headers: { 'Retry-After': String(Math.max(1, Math.ceil(permit.retryAfterSeconds))) },
  });
}

/** Runs what the budget covers, and charges what of it ran; throws insufficient_tokens where it does not cover all. */
export async function charge(
  meter: Meter,
  account: Account,
  counts: Counts,
  headers: Headers,
  call: Call,
  run: () => Answer | Promise<Answer>,
): Promise<Answer> {
  const asked = meter.reserve(account, counts);
  const reservation = asked instanceof Promise ? await asked : asked;
  if (!reservation.covered) {
    setTokens(headers, { charged: 0, remaining: reservation.remaining });
    throw new ApiError(
      'insufficient_tokens',
      'the budget of this month does not cover the call; see GET /api/kv/usage',
    );
  }
  let ran: Counts = {};
  try {
    const answer = await run();
    ran = answer.ran ?? counts;
    return answer;
  } catch (error) {
    if (error instanceof ApiError && error.ran) ran = error.ran;
    throw error;
  } finally {
    const settled = reservation.settle(ran);
    call.charged = settled.charged;
    setTokens(headers, settled);
  }
}

function setTokens(headers: Headers, { charged, remaining }: Charged): void {
  if (remaining === undefined) return;
  headers['X-Tokens-Charged'] = formatTokens(charged);
  headers['X-Tokens-Remaining'] = formatTokens(remaining);
}
