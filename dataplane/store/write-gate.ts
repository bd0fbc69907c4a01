import { setTimeout as sleep } from 'node:timers/promises';
import { failureOf } from './redis-errors.ts';
import type { Connection } from './resp/connection.ts';

/** How often a Redis that takes no writes is asked whether it does. */
const PAUSE_MS = 50;
/**
 * Tells whether Redis takes writes, and changes nothing where it does: it is a write whose arguments are wrong. So it does
 * not matter when its reply is lost.
 */
const probe = (key: string) => ['EXPIRE', key, 'never'];

/**
 * Holds writes back from a Redis that takes none: so that where it ends meanwhile, as one that the operator restarts, no
 * write is under way whose outcome nobody would know.
 */
export class WriteGate {
  /** There while writes are held back: resolves when they may be tried again. */
  opens: Promise<void> | undefined;

  readonly #keyOf: () => string;

  /** `keyOf` names a key whose writes the Redis would take, whether there is such a key or not. */
  constructor(keyOf: () => string) {
    this.#keyOf = keyOf;
  }

  /** Closes the gate until Redis takes writes or `isInUse` says that the connection is not used any more. */
  close(connection: Connection, isInUse: () => boolean): void {
    this.opens ??= untilTaken(connection, isInUse, this.#keyOf).finally(() => {
      this.opens = undefined;
    });
  }
}

async function untilTaken(connection: Connection, isInUse: () => boolean, keyOf: () => string): Promise<void> {
  for (;;) {
    await sleep(PAUSE_MS);
    // Another Redis says itself what it takes.
    if (!isInUse()) return;
    const failure = await connection.send(probe(keyOf())).then(() => undefined, failureOf);
    if (failure !== 'lone') return;
  }
}
