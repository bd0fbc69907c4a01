/** How many failed authentications one source is answered as such. */
export interface AttemptLimits {
  perSecond: number;
  /** How many may come at once. */
  burst: number;
  /** Sources that are remembered; the one that failed longest ago is forgotten first. */
  sources: number;
}

/** Failed authentications by source. A state machine: the time is given to it. */
export interface Attempts {
  /** Sources that are remembered now. */
  readonly size: number;
  /** Counts a failure at `now`, in ms; seconds to wait where the source has failed too often, else 0. */
  fail(remote: string, now: number): number;
}

/**
 * An empty memory of failures. For each source it keeps the moment at which its failures are used up (the generic cell
 * rate algorithm), so that a source costs one number whatever it sends.
 */
export function createAttempts({ perSecond, burst, sources }: AttemptLimits): Attempts {
  const intervalMs = 1000 / perSecond;
  const usedUp = new Map<string, number>();
  return {
    get size() {
      return usedUp.size;
    },
    fail(remote, now) {
      const source = sourceOf(remote);
      const before = Math.max(usedUp.get(source) ?? 0, now);
      // Rounded: today's milliseconds leave a double no more than a few thousandths.
      const waitMs = Math.round(before - now - (burst - 1) * intervalMs);
      // In the order of the last failure, the oldest first.
      usedUp.delete(source);
      usedUp.set(source, waitMs > 0 ? before : before + intervalMs);
      if (usedUp.size > sources) usedUp.delete(usedUp.keys().next().value as string);
      return waitMs > 0 ? Math.ceil(waitMs / 1000) : 0;
    },
  };
}

/** IPv4 as it is; of IPv6 the first 64 bits, which is the least that one user is given. */
export function sourceOf(remote: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(remote)?.[1];
  if (mapped !== undefined) return mapped;
  if (!remote.includes(':')) return remote;
  const [left = '', right] = remote.split('%', 1)[0]?.split('::', 2) ?? [];
  const groups = left === '' ? [] : left.split(':');
  const after = right ? right.split(':') : [];
  if (right !== undefined) while (groups.length + after.length < 8) groups.push('0');
  return [...groups, ...after].slice(0, 4).join(':').toLowerCase();
}
