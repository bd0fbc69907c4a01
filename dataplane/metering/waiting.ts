import type { Reservation } from './port.ts';
import type { Tab, Wish } from './tab.ts';

interface Waiter {
  price: number;
  since: number;
  resolve: (reservation: Reservation) => void;
}

/**
 * At the end of a budget a call waits at most so long for what other replicas have leased and may give back, which takes
 * them some tenths of a second, or a second where it comes as a surprise. So the last tokens are spent before the first
 * call is refused, and after it none is allowed again.
 */
const LAST_TOKENS_MS = 1500;

/** The calls of one project that wait for the ledger's answer. Times are in ms of a clock that only runs forwards. */
export class WaitingCalls {
  #calls: Waiter[] = [];

  get size(): number {
    return this.#calls.length;
  }

  /** What the waiting calls need, all together and the cheapest of them. */
  get needs(): Pick<Wish, 'need' | 'least'> {
    let need = 0;
    let least = Infinity;
    for (const { price } of this.#calls) {
      need += price;
      least = Math.min(least, price);
    }
    return { need, least: need > 0 ? least : 0 };
  }

  add(price: number, now: number): Promise<Reservation> {
    return new Promise((resolve) => this.#calls.push({ price, since: now, resolve }));
  }

  /** After an answer: allows and refuses what can be. Whether calls are left that another ask would help at once. */
  serve(tab: Tab, now: number): boolean {
    let again = false;
    this.#calls = this.#calls.filter(({ price, since, resolve }) => {
      const covered = tab.budget === Infinity ? tab.tally() : tab.reserve(price);
      const late = now - since >= LAST_TOKENS_MS;
      const short = tab.free + tab.left < price;
      if (!covered && !tab.refuses(price) && !(short && late)) {
        again ||= !short;
        return true;
      }
      if (!covered && late) tab.giveUp();
      resolve(covered ?? tab.deny());
      return false;
    });
    return again;
  }

  /** Without the ledger: each is covered by what is leased, or else by the overdraft. */
  goOn(tab: Tab, overdraft: number): void {
    for (const { price, resolve } of this.#calls.splice(0)) {
      resolve(tab.reserve(price) ?? tab.overdraw(price, overdraft));
    }
  }
}
