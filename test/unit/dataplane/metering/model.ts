import type { Prices } from '../../../../contract/prices.ts';
import type { Reservation } from '../../../../dataplane/metering/port.ts';
import {
  type AccountRecord,
  createRecord,
  decodeRecord,
  encodeRecord,
  settle,
} from '../../../../dataplane/metering/record.ts';
import { Tab } from '../../../../dataplane/metering/tab.ts';

export const PERIOD = 24_310;
/** One nano-token each, so that counts are prices. */
const prices: Prices = { get: 1, set: 1, delete: 1, increment: 1, scan: 1 };

interface Replica {
  tab: Tab;
  name: string;
  open: { reservation: Reservation; price: number }[];
  charged: number;
}

/** Several replicas and one account, with every message under the test's control. */
export class Model {
  readonly budget: number;
  readonly replicas: Replica[];
  record: AccountRecord = createRecord();
  /** What replicas that are no more had charged. */
  readonly ended: Replica[] = [];
  #names = 0;

  constructor(replicas: number, budget: number) {
    this.budget = budget;
    this.replicas = Array.from({ length: replicas }, () => this.#start());
  }

  get charged(): number {
    return [...this.replicas, ...this.ended].reduce((sum, { charged }) => sum + charged, 0);
  }

  /** What calls that have not settled may still be charged. */
  get open(): number {
    return this.replicas.flatMap(({ open }) => open).reduce((sum, { price }) => sum + price, 0);
  }

  reserve(index: number, price: number, overdraft = 0): void {
    const replica = this.#at(index);
    const reservation =
      replica.tab.reserve(price) ?? (overdraft > 0 ? replica.tab.overdraw(price, overdraft) : undefined);
    if (reservation?.covered) replica.open.push({ reservation, price });
  }

  /** The oldest open call ends; `ran` of its operations did run. */
  settle(index: number, ran: number): void {
    const replica = this.#at(index);
    const call = replica.open.shift();
    if (call) replica.charged += call.reservation.settle({ get: Math.min(ran, call.price) }).charged;
  }

  /** One exchange; the ask, the answer, or nothing is lost. */
  exchange(index: number, target: number, need: number, lost: 'ask' | 'answer' | 'nothing' = 'nothing'): void {
    const { tab } = this.#at(index);
    const ask = tab.ask(PERIOD, { target, need, least: Math.min(need, 1) });
    if (lost === 'ask') return;
    const record = decodeRecord(encodeRecord(this.record));
    const answer = settle(record, structuredClone(ask), 1);
    this.record = record;
    if (lost === 'nothing') tab.answer(structuredClone(answer));
  }

  /** A replica ends without a word, and another starts. Returns what it had leased and not told. */
  crash(index: number): void {
    const position = index % this.replicas.length;
    this.ended.push(this.#at(index));
    this.replicas[position] = this.#start();
  }

  /** All calls end and all replicas settle, with nothing lost. */
  end(): void {
    for (const [index, replica] of this.replicas.entries()) {
      while (replica.open.length > 0) this.settle(index, Infinity);
      // The first repeats what was lost, the second tells the rest, the third gives back what came of it.
      for (let exchanges = 0; exchanges < 3; exchanges++) this.exchange(index, 0, 0);
    }
  }

  /** What the ledger holds as leased to replicas that are no more. */
  get strandedLeases(): number {
    return this.ended.reduce((sum, { name }) => sum + (this.record.holders[name]?.lease ?? 0), 0);
  }

  #start(): Replica {
    const name = `r${this.#names++}`;
    return { name, tab: new Tab('p', PERIOD, this.budget, name, prices), open: [], charged: 0 };
  }

  #at(index: number): Replica {
    return this.replicas[index % this.replicas.length] as Replica;
  }
}
