import { type ConnectRedis, RedisRefusal } from './session.ts';

/** How an attempt to sign in to a Redis may end: a closed list, because the words of a tenant's Redis are its own. */
const FAILURES = [
  ...['ECONNREFUSED', 'ECONNRESET', 'EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT'],
  ...['WRONGPASS', 'NOAUTH', 'NOPERM', 'LOADING'],
] as const;

/** What came of an attempt: `ok`, the code of the failure, or `other`. */
export type SessionOutcome = 'ok' | 'other' | (typeof FAILURES)[number];

/** The name of what went wrong. */
export function failureOutcome(error: unknown): SessionOutcome {
  const word =
    error instanceof RedisRefusal ? error.message.split(' ')[0] : (error as { code?: unknown } | undefined)?.code;
  return FAILURES.find((code) => code === word) ?? 'other';
}

/** `connect`, telling of each attempt how it ended. */
export function countSessions(connect: ConnectRedis, count: (outcome: SessionOutcome) => void): ConnectRedis {
  return async (address) => {
    try {
      const session = await connect(address);
      count('ok');
      return session;
    } catch (error) {
      count(failureOutcome(error));
      throw error;
    }
  };
}
