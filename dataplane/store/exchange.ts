import type { Origin } from './origin.ts';
import type { StoreError } from './port.ts';
import type { Connection } from './resp/connection.ts';
import type { Encoded } from './resp/encode.ts';
import type { Reply } from './resp/reply.ts';

/** Commands that travel together, and what their replies mean. */
export interface Request<T> {
  /** A read may be sent twice; a write must not be, once its outcome is unknown. */
  access: 'read' | 'write';
  commands: Encoded;
  /** How many commands there are. */
  count: number;
  /** They are one MULTI … EXEC. */
  transaction?: true;
  /**
   * The result, from as many replies of the process of `origin`; called in order with push messages. Throws a ReplyError
   * that is among them, or an Error where they make no sense.
   */
  read: (replies: readonly Reply[], origin: Origin) => T;
  /** The result where the connection broke in the middle and fewer replies are enough to know it. */
  partial?: (replies: readonly Reply[]) => { result: T } | undefined;
}

/** The way that requests take to a store. */
export interface Way {
  /** Rejects with a StoreError. */
  request<T>(request: Request<T>): Promise<T>;
  /** What the client gets to know of an error reply that did not fail a whole request. */
  refused(error: unknown): StoreError;
}

/** An attempt at a request that came to nothing. */
export interface Failed {
  connection: Connection;
  error: unknown;
  replies: readonly Reply[];
}

/** Sends a request once, and calls one of both functions once. */
export function exchange<T>(
  connection: Connection,
  request: Request<T>,
  finish: (result: T) => void,
  fail: (failed: Failed) => void,
): void {
  const replies: Reply[] = [];
  connection.request(request.commands, {
    received(reply) {
      if (replies.push(reply) < request.count) return false;
      let result: T;
      try {
        result = request.read(replies, connection.origin);
      } catch (error) {
        fail({ connection, error, replies });
        return true;
      }
      finish(result);
      return true;
    },
    failed(error) {
      // After the last reply, where what that says has closed the connection.
      if (replies.length < request.count) fail({ connection, error, replies });
    },
  });
}

/** Sends a request once. Never rejects. */
export function attempt<T>(connection: Connection, request: Request<T>): Promise<Failed | { result: T }> {
  return new Promise((resolve) => exchange(connection, request, (result) => resolve({ result }), resolve));
}
