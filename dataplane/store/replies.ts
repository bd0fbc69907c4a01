import { asJson } from '../json/any-text.ts';
import type { Request } from './exchange.ts';
import type { Origin } from './origin.ts';
import { REPLY_LIMITS } from './resp/decode.ts';
import { type Arg, encode } from './resp/encode.ts';
import { type Reply, ReplyError, tooLarge } from './resp/reply.ts';

/** A request of one command. */
export function one<T>(
  access: 'read' | 'write',
  command: readonly Arg[],
  read: (reply: Reply | undefined, origin: Origin) => T,
): Request<T> {
  return { access, commands: encode(command), count: 1, read: ([reply], origin) => read(reply, origin) };
}

/** The JSON text of a value, from the bytes that are stored. */
export type TextOf = (bytes: Buffer) => Buffer;

/** What is stored is JSON text. */
export const asItIs: TextOf = (bytes) => bytes;

/** What is stored may be any bytes. Throws tooLarge where their JSON text is longer than a value may be. */
export const asAny: TextOf = (bytes) => {
  const text = asJson(bytes);
  if (text.length > REPLY_LIMITS.string) throw tooLarge();
  return text;
};

/** The bytes of a bulk string, or null. Throws the ReplyError that it is, or an Error. */
export function bytesOf(reply: Reply | undefined): Buffer | null {
  if (reply === null || Buffer.isBuffer(reply)) return reply;
  throw unexpected(reply);
}

/** An integer, rounded where it is beyond ±(2^53−1). Throws the ReplyError that it is, or an Error. */
export function integerOf(reply: Reply | undefined): number {
  if (typeof reply === 'number') return reply;
  if (typeof reply === 'bigint') return Number(reply);
  throw unexpected(reply);
}

/** The elements of an array. Throws the ReplyError that it is, or an Error. */
export function elementsOf(reply: Reply | undefined): readonly Reply[] {
  if (Array.isArray(reply)) return reply;
  throw unexpected(reply);
}

/** Whether a write was done: `OK` or null. Throws the ReplyError that it is, or an Error. */
export function wasDone(reply: Reply | undefined): boolean {
  if (reply === 'OK' || reply === null) return reply === 'OK';
  throw unexpected(reply);
}

/** When a key expires, from PEXPIRETIME's reply: ms since 1970, or null where it does not; undefined where there is no key. */
export function expiryOf(reply: Reply | undefined): number | null | undefined {
  const at = integerOf(reply);
  if (at >= 0) return at;
  return at === -1 ? null : undefined;
}

function unexpected(reply: Reply | undefined): Error {
  return reply instanceof ReplyError ? reply : new Error('Redis answered with another type than it documents');
}
