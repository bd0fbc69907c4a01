/** The time limit is looked after so many times while it runs. */
const TICKS = 8;

/** What has gone over a connection so far: requests sent and answered in full, and whether anything came at all. */
export interface Traffic {
  sent: number;
  done: number;
  /** Set by whoever reads. */
  heard: boolean;
}

/**
 * One timer for all requests of a connection, which runs while there are any. Ticks are counted and not the time: when
 * this process is held up itself, replies may be waiting to be read.
 */
export class Pulse {
  readonly #traffic: Traffic;
  readonly #intervalMs: number;
  readonly #late: () => void;
  #timer: NodeJS.Timeout | undefined;
  /** How many requests had been sent at each of the last ticks. */
  #sentAt: number[] = [];
  /** Whether something has been in flight for a tick at least, and nothing came. */
  stalled = false;

  /** Calls `late` when a request is older than `timeoutMs`, at most an eighth more. */
  constructor(traffic: Traffic, timeoutMs: number, late: () => void) {
    this.#traffic = traffic;
    this.#intervalMs = timeoutMs / TICKS;
    this.#late = late;
  }

  /** Something is about to be sent. */
  start(): void {
    if (this.#timer) return;
    this.#sentAt = Array.from({ length: TICKS }, () => this.#traffic.done);
    this.#timer = setInterval(this.#tick, this.#intervalMs);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  readonly #tick = (): void => {
    const { sent, done, heard } = this.#traffic;
    if (done === sent) {
      this.stop();
      return;
    }
    if (done < (this.#sentAt.shift() as number)) {
      this.#late();
      return;
    }
    this.stalled = !heard && done < (this.#sentAt.at(-1) as number);
    this.#traffic.heard = false;
    this.#sentAt.push(sent);
  };
}
