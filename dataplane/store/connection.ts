import { type Command, Redis } from 'ioredis';

/**
 * So many bytes may come without completing a reply. The largest that is asked for has 256 KiB; but the Redis may be a
 * tenant's own image, and ioredis would take a reply of any size into this process's memory, which all tenants share.
 */
const MAX_REPLY_BYTES = 4 * 2 ** 20;

/** Rejects a command that never left this process, so that it is safe to send it again elsewhere. */
export class UnsentError extends Error {}

export interface ConnectionOptions {
  host: string;
  port: number;
  password: string;
  /** Limit in ms on TCP connection. */
  connectTimeoutMs: number;
  /** Limit in ms on the reply to one command, those of the handshake included. */
  commandTimeoutMs: number;
}

/**
 * One TCP connection to one Redis, never used again once it has closed: what was in flight is then rejected at once,
 * and what was not yet written is rejected with an UnsentError. Not connected yet; `connect()` does that.
 */
export class Connection extends Redis {
  /** How much has been read since the last reply was complete. */
  #unfinishedBytes = 0;

  constructor({ host, port, password, connectTimeoutMs, commandTimeoutMs }: ConnectionOptions) {
    super({
      host,
      port,
      username: 'dataplane',
      password,
      // Explicit, so that a connection is made when a request needs one and its outcome can be awaited.
      lazyConnect: true,
      // Nobody waits in ioredis: how long and how many may wait is decided in one place, per store.
      enableOfflineQueue: false,
      // Reconnecting is the pool's, so that a dead store costs nothing while nobody asks for it.
      retryStrategy: () => null,
      // The defaults (true, 20) send what was in flight again after a reconnect: an increment would count twice.
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      // A reply that never comes, from a Redis that hangs or a node that is gone, would be waited for without end.
      commandTimeout: commandTimeoutMs,
      connectTimeout: connectTimeoutMs,
      // One write and one read of the socket for all commands of a tick.
      enableAutoPipelining: true,
      // While Redis loads its data the default asks again after a second at the least.
      maxLoadingRetryTime: 100,
      // After disconnect() a peer that hangs would keep the socket for two seconds.
      disconnectTimeout: 100,
      connectionName: 'cubby-dataplane',
      disableClientInfo: true,
    });
    this.once('connect', () => {
      this.stream.on('data', (chunk: Buffer) => {
        this.#unfinishedBytes += chunk.length;
        if (this.#unfinishedBytes > MAX_REPLY_BYTES) this.disconnect();
      });
    });
  }

  /**
   * ioredis rejects unsent commands and commands in flight alike with "Connection is closed."; only here they differ.
   * A reply that is late closes the connection before the next pipeline is written to it, which may never be read.
   */
  override sendCommand(command: Command, stream?: Parameters<Redis['sendCommand']>[1]): unknown {
    if (this.status === 'end' || (this.status === 'ready' && !this.stream.writable)) {
      command.reject(new UnsentError('the connection closed before the command was sent'));
      return command.promise;
    }
    const replied = () => {
      this.#unfinishedBytes = 0;
    };
    command.promise.then(replied, (error: Error) => {
      if (isTimeout(error)) this.disconnect();
      else replied();
    });
    return super.sendCommand(command, stream);
  }
}

/** Whether a command was rejected because its reply was late. */
export function isTimeout(error: unknown): boolean {
  return error instanceof Error && error.message === 'Command timed out';
}
