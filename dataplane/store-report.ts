import type { Logger } from 'pino';
import type { Metrics } from './pipeline/metrics.ts';
import type { LaneEvent } from './store/lane.ts';
import type { StoreAddress } from './store/port.ts';

/** The same thing about the same store is logged no more often than this. */
const QUIET_MS = 30_000;
/** So many different things are remembered; then all are forgotten, and logged once more. */
const MAX_REMEMBERED = 10_000;

const REMEDIES: Readonly<Record<string, string>> = {
  WRONGPASS:
    'the store was set up with another master key or credential generation: check that operator and data plane use the same master-key Secret, and what the operator logs about the store',
  ENOSENTINEL:
    'no Sentinel of the store answers: check that the containers called sentinel run in its pods, and that its NetworkPolicy lets the data plane reach port 26379',
  ENOMEMBER:
    'the Sentinels name a primary that is no pod of the store: check the Services of its members, and what the operator logs about the store',
  NOPERM:
    'the ACL of the store is older than this data plane: the operator updates it; check what it logs about the store',
};

/** Counts what happens on the way to stores, and logs it; `now` is in ms and need not be the time of day. */
export function createStoreReport(log: Logger, metrics: Metrics, now: () => number) {
  const loggedAt = new Map<string, number>();

  return ({ uid, host }: StoreAddress, event: LaneEvent): void => {
    const cause = 'code' in event ? event.code : '';
    metrics.storeEvents.inc({ event: event.event, code: cause });
    const what = `${uid} ${event.event} ${cause}`;
    const last = loggedAt.get(what);
    if (last !== undefined && now() - last < QUIET_MS) return;
    if (loggedAt.size >= MAX_REMEMBERED) loggedAt.clear();
    loggedAt.set(what, now());
    const level = event.event === 'connected' ? 'info' : 'warn';
    log[level]({ host, ...event, remedy: REMEDIES[cause] }, 'store');
  };
}
