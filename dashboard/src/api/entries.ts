import { segmentOf } from '../../../sdk/src/connection.ts';
import type { CallOptions } from '../../../sdk/src/index.ts';
import type { Send } from '../../../sdk/src/request.ts';
import { membersOf } from '../json/members.ts';

/** A key with the text of its value as the store has it: numbers beyond 2^53, order and spaces included. */
export interface RawEntry {
  text: string;
  /** When the key expires, in milliseconds since 1970; null for never. */
  expiresAt: number | null;
  /** When the answer came, by this machine's clock. */
  readAt: number;
}

export interface WriteFields {
  /** JSON. */
  text: string;
  /** Seconds; absent for a key that does not expire. */
  ttl: number | undefined;
  ifNotExists: boolean;
}

/** Reads and writes values as text, for JSON.parse would round their numbers. */
export interface Entries {
  get(key: string, options?: CallOptions): Promise<RawEntry>;
  put(key: string, fields: WriteFields): Promise<RawEntry>;
}

/** Entries over the SDK's transport. */
export function createEntries(send: Send): Entries {
  return {
    async get(key, options) {
      const call = {
        method: 'GET',
        path: pathOf(key),
        safety: 'read',
        options: { cache: 'no-store', ...options },
      } as const;
      return readEntry((await send(call)).text);
    },
    async put(key, { text, ttl, ifNotExists }) {
      const members = [
        `"value":${text}`,
        ...(ttl === undefined ? [] : [`"ttl":${ttl}`]),
        ...(ifNotExists ? ['"if_not_exists":true'] : []),
      ];
      const body = `{${members.join(',')}}`;
      const call = { method: 'PUT', path: pathOf(key), body, safety: 'write', options: undefined } as const;
      return readEntry((await send(call)).text);
    },
  };
}

function pathOf(key: string): string {
  return `/infra/kv/${segmentOf(key)}`;
}

function readEntry(answer: string): RawEntry {
  const members = membersOf(answer);
  const expires: string | null = JSON.parse(members.get('expires_at') ?? 'null');
  return {
    text: members.get('value') ?? 'null',
    expiresAt: expires === null ? null : Date.parse(expires),
    readAt: Date.now(),
  };
}
