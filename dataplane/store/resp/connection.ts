import { connect, type Socket } from 'node:net';
import { type Origin, originOf } from '../origin.ts';
import { Decoder } from './decode.ts';
import { type Arg, type Encoded, encode, join } from './encode.ts';
import { Outbox } from './outbox.ts';
import { Pulse } from './pulse.ts';
import { LostError, type Reply, ReplyError, UnsentError } from './reply.ts';

export interface ConnectionOptions {
  host: string;
  port: number;
  username: string;
  /** One, or several that are tried in order until one is accepted. */
  password: string | readonly string[];
  /** Limit in ms on TCP connection. */
  connectTimeoutMs: number;
  /** Limit in ms on the reply to one command, those of the handshake included; an eighth of it is how exact that is. */
  commandTimeoutMs: number;
  hooks?: ConnectionHooks | undefined;
}

/**
 * For whoever wants more of a connection than replies. What a hook is told and what receivers are told comes in the order
 * in which Redis said it; promises are settled later, when all that came in one read has been told.
 */
export interface ConnectionHooks {
  /** Commands that run before all others; the connection is only made when none is refused. */
  prelude?: readonly (readonly Arg[])[];
  /** The connection is ready. */
  opened?: (connection: Connection) => void;
  /** A push message: its kind, as Redis' Buffer, and what follows it. */
  push?: (message: readonly Reply[]) => void;
  /** The connection, once it was ready, has closed: what it said is not vouched for any more. */
  closed?: () => void;
}

/** Gets what becomes of commands that were sent together. Must not throw. */
export interface Receiver {
  /** The next reply, told in order with push messages. Whether it was the last. */
  received(reply: Reply): boolean;
  /** No further reply will come: an UnsentError, or a LostError. */
  failed(error: Error): void;
}

/** What every connection reads into, one after the other: what comes is decoded before the next read. */
const READ_BUFFER = Buffer.allocUnsafeSlow(64 * 1024);

/**
 * One TCP connection to one Redis, never used again once it has closed. What is asked for in one turn of the event loop
 * goes out in one write, and nothing is ever sent twice: when the connection closes, what was in flight fails with a
 * LostError and what was not yet written with an UnsentError. While Redis says nothing at all, or does not read, no more
 * is written, so that as little as possible ends as lost.
 */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #decoder = new Decoder({
    reply: (reply) => this.#reply(reply),
    push: (message) => this.#options.hooks?.push?.(message),
  });
  #socket: Socket | undefined;
  #state: 'new' | 'connecting' | 'ready' | 'finishing' | 'closed' = 'new';
  /** What waits for the end of this turn, and whose it is. */
  readonly #outbox = new Outbox();
  #unsent: Receiver[] = [];
  /** Who waits for replies, from `#head` on. */
  #inFlight: Receiver[] = [];
  #head = 0;
  #flushing = false;
  #writing = false;
  readonly #traffic = { sent: 0, done: 0, heard: false };
  readonly #pulse: Pulse;
  /** Tells replies of one process from those of another. */
  readonly origin: Origin;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.origin = originOf(options.host, options.port);
    this.#pulse = new Pulse(this.#traffic, options.commandTimeoutMs, () => this.#end(timeout('the reply is late')));
  }

  /** Whether it takes commands. */
  get ready(): boolean {
    return this.#state === 'ready';
  }

  /** Connects, signs in and runs the prelude, once. Rejects with what prevented it; the connection is then closed. */
  async connect(): Promise<void> {
    if (this.#state !== 'new') throw new UnsentError('a connection is made only once');
    this.#state = 'connecting';
    const { host, port, hooks } = this.#options;
    try {
      await this.#open(host, port);
      await this.#greet();
      this.origin.since = Date.now();
      this.#state = 'ready';
      hooks?.opened?.(this);
    } catch (error) {
      this.#end(error as Error);
      throw error;
    }
  }

  /** Sends commands whose replies `receiver` takes; it must expect exactly as many as there are commands. */
  request(commands: Encoded, receiver: Receiver): void {
    if (this.#state === 'ready') this.#enqueue(commands, receiver);
    else receiver.failed(new UnsentError('the connection is not open'));
  }

  /** The reply to one command. Rejects with a ReplyError, an UnsentError or a LostError. */
  send(args: readonly Arg[]): Promise<Reply> {
    if (this.#state !== 'ready') return Promise.reject(new UnsentError('the connection is not open'));
    return this.#exchange(encode(args));
  }

  /**
   * Runs commands as one MULTI … EXEC, with nothing of anybody else's between them; their replies, in which a ReplyError
   * is that of its command alone, or null where a key that was watched had changed. Rejects as `send` does.
   */
  transaction(commands: readonly (readonly Arg[])[]): Promise<readonly Reply[] | null> {
    const all = join([encode(['MULTI']), ...commands.map(encode), encode(['EXEC'])]);
    return new Promise((resolve, reject) => {
      const replies: Reply[] = [];
      this.request(all, {
        received(reply) {
          if (replies.push(reply) < commands.length + 2) return false;
          const refusal = replies.find((each) => each instanceof ReplyError);
          if (refusal) reject(refusal);
          else resolve(reply as readonly Reply[] | null);
          return true;
        },
        failed: reject,
      });
    });
  }

  /** Takes no more commands, and closes when those that it has taken have their replies. */
  finish(): void {
    if (this.#state !== 'ready') return;
    this.#state = 'finishing';
    this.#endWhenDone();
  }

  /** Closes at once; what has no reply yet fails. */
  close(): void {
    this.#end(new Error('the connection was closed'));
  }

  #exchange(command: Encoded): Promise<Reply> {
    return new Promise((resolve, reject) => {
      this.#enqueue(command, {
        received(reply) {
          if (reply instanceof ReplyError) reject(reply);
          else resolve(reply);
          return true;
        },
        failed: reject,
      });
    });
  }

  #enqueue(commands: Encoded, receiver: Receiver): void {
    this.#outbox.add(commands);
    this.#unsent.push(receiver);
    if (!this.#flushing) this.#flushLater();
  }

  #flushLater(): void {
    this.#flushing = true;
    // After the sockets of this turn have been read, so that requests of many clients go out in one write.
    setImmediate(this.#flush);
  }

  readonly #flush = (): void => {
    this.#flushing = false;
    const socket = this.#socket;
    if (this.#writing || this.#pulse.stalled || this.#unsent.length === 0 || !socket || this.#state === 'closed')
      return;
    if (this.#head === this.#inFlight.length) {
      [this.#inFlight, this.#unsent] = [this.#unsent, []];
      this.#head = 0;
    } else {
      for (const receiver of this.#unsent) this.#inFlight.push(receiver);
      this.#unsent = [];
    }
    this.#traffic.sent = this.#traffic.done + this.#inFlight.length - this.#head;
    this.#writing = true;
    this.#pulse.start();
    this.#outbox.writeTo(socket, this.#written);
  };

  /** All bytes of the last write are with the kernel. */
  readonly #written = (): void => {
    this.#writing = false;
    if (this.#unsent.length > 0 && !this.#flushing) this.#flushLater();
  };

  readonly #read = (bytes: number): boolean => {
    this.#traffic.heard = true;
    try {
      this.#decoder.feed(READ_BUFFER.subarray(0, bytes));
    } catch (error) {
      this.#end(error as Error);
      return false;
    }
    if (this.#pulse.stalled) {
      this.#pulse.stalled = false;
      if (!this.#flushing) this.#flushLater();
    }
    if (this.#state === 'finishing') this.#endWhenDone();
    return true;
  };

  #endWhenDone(): void {
    if (this.#head === this.#inFlight.length && this.#unsent.length === 0) this.close();
  }

  #reply(reply: Reply): void {
    const receiver = this.#inFlight[this.#head];
    if (!receiver) throw new LostError('a reply to nothing');
    if (!receiver.received(reply)) return;
    this.#traffic.done++;
    this.#head++;
    if (this.#head < 1024) return;
    this.#inFlight.splice(0, this.#head);
    this.#head = 0;
  }

  /** Signs in and runs the prelude. A refused password leaves the connection as it was, ready for the next one. */
  async #greet(): Promise<void> {
    const { username, password, hooks } = this.#options;
    const passwords = typeof password === 'string' ? [password] : password;
    for (const [index, each] of passwords.entries()) {
      const greeting = this.#exchange(encode(['HELLO', '3', 'AUTH', username, each, 'SETNAME', 'cubby-dataplane']));
      const prelude = (hooks?.prelude ?? []).map((command) => this.#exchange(encode(command)));
      try {
        await Promise.all([greeting, ...prelude]);
        return;
      } catch (error) {
        const isRefused = error instanceof ReplyError && error.message.startsWith('WRONGPASS');
        if (!isRefused || index === passwords.length - 1) throw error;
      }
    }
  }

  async #open(host: string, port: number): Promise<void> {
    const onread = { buffer: READ_BUFFER, callback: this.#read };
    const socket = connect({ host, port, noDelay: true, keepAlive: true, onread });
    this.#socket = socket;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const late = setTimeout(reject, this.#options.connectTimeoutMs, timeout('no connection in time'));
    socket.once('connect', resolve);
    socket.on('error', (error) => {
      reject(error);
      this.#end(error);
    });
    const closed = () => {
      const error = new Error('the connection was closed');
      reject(error);
      this.#end(error);
    };
    // At the end of what Redis says and not later, since nothing may be written any more.
    socket.on('end', closed).on('close', closed);
    await promise.finally(() => clearTimeout(late));
  }

  #end(cause: Error): void {
    if (this.#state === 'closed') return;
    const wasReady = this.#state === 'ready' || this.#state === 'finishing';
    this.#state = 'closed';
    this.#socket?.destroy();
    this.#pulse.stop();
    const lost = this.#inFlight.slice(this.#head);
    const unsent = this.#unsent;
    this.#inFlight = [];
    this.#unsent = [];
    this.#head = 0;
    this.#outbox.clear();
    if (wasReady) this.#options.hooks?.closed?.();
    for (const receiver of lost) receiver.failed(new LostError('the connection was lost', { cause }));
    for (const receiver of unsent) receiver.failed(new UnsentError('the connection was lost before', { cause }));
  }
}

function timeout(message: string): Error {
  return Object.assign(new Error(message), { code: 'ETIMEDOUT' });
}
