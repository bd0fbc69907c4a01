import { PRICED_OPERATIONS, type PricedOperation } from '../../contract/prices.ts';
import type { AccountAnswer, AccountAsk } from './ledger-port.ts';
import { hourOfBooking } from './period.ts';
import { add, createTally, isEmpty, type Tally } from './tally.ts';

/** What one replica has of a budget, and the last of its asks that went in, so that none goes in twice. */
interface Holder {
  seq: number;
  lease: number;
  /** When it last asked, in seconds since 1970 by the ledger's clock. */
  at: number;
}

/** What was spent in one hour, which begins at `hour`, in ms since 1970. */
export interface HourSpent {
  hour: number;
  spent: Tally;
}

/** All that the ledger keeps of a project in one period. Amounts are nano-tokens. */
export interface AccountRecord {
  spent: Tally;
  /** The last hour in which something was spent: of `spent`, the part that has not been moved to the history yet. */
  recent: HourSpent | undefined;
  /** Leases of replicas that ended without giving them back. */
  lost: number;
  holders: Record<string, Holder>;
}

/** A replica that was silent for so long is gone: of its ask, no repetition can come any more. */
const FORGET_SECONDS = 86_400;

/** No single grant takes more than this part of what is left, unless calls wait for it. */
const LEAST_SHARE = 8;

/** The record of a project that nothing is known of. */
export function createRecord(): AccountRecord {
  return { spent: createTally(), recent: undefined, lost: 0, holders: {} };
}

/** What came of an ask: whether it changed the record, and the hour that is over and belongs into the history from now on. */
export interface Settled extends AccountAnswer {
  changed: boolean;
  moved: HourSpent | undefined;
}

/**
 * Books what a replica spent and changes its lease, in place. Only what is neither spent nor leased is granted, so the
 * sum of both never passes the budget by a grant. An ask that is already in is answered again and changes nothing;
 * `changed` says so.
 */
export function settle(record: AccountRecord, ask: AccountAsk, seconds: number): Settled {
  const before = Object.hasOwn(record.holders, ask.replica) ? record.holders[ask.replica] : undefined;
  const repeated = before !== undefined && before.seq >= ask.seq;
  let moved: HourSpent | undefined;
  if (!repeated) {
    forget(record, seconds, ask.replica);
    add(record.spent, ask.spent);
    moved = addRecent(record, hourOfBooking(ask.period, seconds * 1000), ask.spent);
    const holder = { seq: ask.seq, lease: ask.keep, at: seconds };
    record.holders[ask.replica] = holder;
    const room = Math.max(0, left(record, ask.budget));
    const share = Math.max(ask.need, Math.floor(room / LEAST_SHARE));
    const granted = Math.max(0, Math.min(ask.want, share, room));
    if (granted >= ask.least) holder.lease += granted;
  }
  const lease = record.holders[ask.replica]?.lease ?? 0;
  return {
    changed: !repeated,
    moved,
    lease,
    left: Math.max(0, left(record, ask.budget)),
    others: leased(record) - lease,
    spent: record.spent,
  };
}

/** The earlier hour, where another begins. */
function addRecent(record: AccountRecord, hour: number, spent: Tally): HourSpent | undefined {
  if (isEmpty(spent)) return undefined;
  const earlier = record.recent;
  if (earlier?.hour === hour) {
    add(earlier.spent, spent);
    return undefined;
  }
  record.recent = { hour, spent: structuredClone(spent) };
  return earlier;
}

function leased(record: AccountRecord): number {
  let sum = 0;
  for (const name in record.holders) sum += record.holders[name]?.lease ?? 0;
  return sum;
}

function left(record: AccountRecord, budget: number): number {
  return budget - record.spent.charged - record.lost - leased(record);
}

function forget(record: AccountRecord, seconds: number, asking: string): void {
  for (const [name, holder] of Object.entries(record.holders)) {
    if (name === asking || seconds - holder.at < FORGET_SECONDS) continue;
    record.lost += holder.lease;
    delete record.holders[name];
  }
}

type Operations = Record<string, [count: number, charged: number]>;

/** A record as text for the ledger. */
export function encodeRecord({ spent, recent, lost, holders }: AccountRecord): string {
  return JSON.stringify({
    spent: encodeTally(spent),
    ...(recent && { recent: { hour: recent.hour, spent: encodeTally(recent.spent) } }),
    ...(lost > 0 && { lost }),
    holders,
  });
}

/** The record of a text, or an empty one for null. Throws a SyntaxError or TypeError where it is none. */
export function decodeRecord(text: string | null): AccountRecord {
  if (text === null) return createRecord();
  const { spent, recent, lost, holders } = JSON.parse(text) as {
    spent: Operations;
    recent?: { hour: number; spent: Operations };
    lost?: number;
    holders: Record<string, Holder>;
  };
  return {
    spent: decodeTally(spent),
    recent: recent && { hour: recent.hour, spent: decodeTally(recent.spent) },
    lost: lost ?? 0,
    holders: { ...holders },
  };
}

function encodeTally({ operations }: Tally): Operations {
  const encoded: Operations = {};
  for (const operation of PRICED_OPERATIONS) {
    const { count, charged } = operations[operation];
    if (count > 0) encoded[operation] = [count, charged];
  }
  return encoded;
}

function decodeTally(operations: Operations): Tally {
  const tally = createTally();
  for (const [operation, [count, charged]] of Object.entries(operations)) {
    if (!Object.hasOwn(tally.operations, operation)) continue;
    tally.operations[operation as PricedOperation] = { count, charged };
    tally.charged += charged;
  }
  return tally;
}
