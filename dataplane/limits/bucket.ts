/** A rate limit: permits come back at `perSecond`, and at most `capacity` of them are kept for a burst. */
export interface RateLimit {
  perSecond: number;
  capacity: number;
}

/** The permits that are left, a fraction of one included, at a time in ms of the clock that the bucket is kept by. */
export interface Bucket {
  permits: number;
  at: number;
}

/**
 * Replicas ask again after a tenth of a second or so, and what comes back in that time must not overflow: a burst below
 * one permit and this many seconds' worth counts as that.
 */
const SLACK_SECONDS = 0.2;
/** Tenths that were added up to a whole. */
const ROUNDING = 1e-9;

/** No single grant takes more than half of what is there, but always what comes back in so many seconds. */
const GREEDY_SECONDS = 0.1;

/** The limit that spec.limits means; without a burst, it is a second's worth. */
export function rateLimit(requestsPerSecond: number, burst = requestsPerSecond): RateLimit {
  return { perSecond: requestsPerSecond, capacity: Math.max(burst, 1 + requestsPerSecond * SLACK_SECONDS) };
}

/** A bucket as it is at `now`; one that is not known is full. A clock that was set back costs nobody a permit. */
export function refill(bucket: Bucket | undefined, { perSecond, capacity }: RateLimit, now: number): Bucket {
  if (!bucket) return { permits: capacity, at: now };
  const back = (Math.max(0, now - bucket.at) / 1000) * perSecond;
  return { permits: Math.min(capacity, Math.max(0, bucket.permits) + back), at: now };
}

/** Puts unused permits back, then takes whole ones: at most `want`, and not all of a full bucket at once. */
export function takePermits(
  bucket: Bucket | undefined,
  limit: RateLimit,
  { want, giveBack }: { want: number; giveBack: number },
  now: number,
): { bucket: Bucket; granted: number } {
  const filled = refill(bucket, limit, now);
  const permits = Math.min(limit.capacity, filled.permits + giveBack);
  const share = Math.max(permits / 2, Math.ceil(limit.perSecond * GREEDY_SECONDS));
  const granted = Math.max(0, Math.floor(Math.min(want, share, permits) + ROUNDING));
  return { bucket: { permits: Math.max(0, permits - granted), at: now }, granted };
}
