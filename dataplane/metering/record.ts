import { PRICED_OPERATIONS, type PricedOperation } from '../../contract/prices.ts';
import type { AccountAnswer, AccountAsk } from './ledger-port.ts';
import { add, createTally, type Tally } from './tally.ts';

/** What one replica has of a budget, and the last of its asks that went in, so that none goes in twice. */
interface Holder {
  seq: number;
  lease: number;
  /** When it last asked, in seconds since 1970 by the ledger's clock. */
  at: number;
}

/** All that the ledger keeps of a project in one period. Amounts are nano-tokens. */
export interface AccountRecord {
  spent: Tally;
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
  return { spent: createTally(), lost: 0, holders: {} };
}

/**
 * Books what a replica spent and changes its lease, in place. Only what is neither spent nor leased is granted, so the
 * sum of both never passes the budget by a grant. An ask that is already in is answered again and changes nothing;
 * `changed` says so.
 */
export function settle(record: AccountRecord, ask: AccountAsk, seconds: number): AccountAnswer & { changed: boolean } {
  const before = Object.hasOwn(record.holders, ask.replica) ? record.holders[ask.replica] : undefined;
  const repeated = before !== undefined && before.seq >= ask.seq;
  if (!repeated) {
    forget(record, seconds, ask.replica);
    add(record.spent, ask.spent);
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
    lease,
    left: Math.max(0, left(record, ask.budget)),
    others: leased(record) - lease,
    spent: record.spent,
  };
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

/** A record as text for the ledger. */
export function encodeRecord({ spent, lost, holders }: AccountRecord): string {
  const operations: Record<string, [number, number]> = {};
  for (const operation of PRICED_OPERATIONS) {
    const { count, charged } = spent.operations[operation];
    if (count > 0) operations[operation] = [count, charged];
  }
  return JSON.stringify({ spent: operations, ...(lost > 0 && { lost }), holders });
}

/** The record of a text, or an empty one for null. Throws a SyntaxError or TypeError where it is none. */
export function decodeRecord(text: string | null): AccountRecord {
  const record = createRecord();
  if (text === null) return record;
  const { spent, lost, holders } = JSON.parse(text) as {
    spent: Record<string, [number, number]>;
    lost?: number;
    holders: Record<string, Holder>;
  };
  for (const [operation, [count, charged]] of Object.entries(spent)) {
    if (!Object.hasOwn(record.spent.operations, operation)) continue;
    record.spent.operations[operation as PricedOperation] = { count, charged };
    record.spent.charged += charged;
  }
  record.lost = lost ?? 0;
  record.holders = { ...holders };
  return record;
}
