import { type Endpoint, StoreError } from '../port.ts';
import { ReplyError } from '../resp/reply.ts';

/**
 * A shard says that another one has a slot: `moved` for good, `ask` for the keys of it that it does not have any more.
 * `to` is what the shard calls that other one, which is to be believed only where it is a member of the store.
 */
export interface Redirect {
  kind: 'moved' | 'ask';
  slot: number;
  to: Endpoint;
}

/** The redirect that an error reply is (https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/, "Redirection and resharding"). */
export function redirectOf(error: unknown): Redirect | undefined {
  if (!(error instanceof ReplyError)) return undefined;
  const [, word, slot, host, port] = /^(MOVED|ASK) (\d{1,5}) (\S*):(\d{1,5})$/.exec(error.message) ?? [];
  if (word === undefined || host === undefined) return undefined;
  return { kind: word === 'ASK' ? 'ask' : 'moved', slot: Number(slot), to: { host, port: Number(port) } };
}

/**
 * What stands for the outcome of one operation of a batch until it has been run where it belongs: elsewhere, or, without a
 * redirect, where it was refused for the moment.
 */
export class Redirected extends StoreError {
  readonly redirect: Redirect | undefined;

  constructor(redirect?: Redirect) {
    super('unavailable', 'the key is being moved to another Redis of the store');
    this.redirect = redirect;
  }
}
