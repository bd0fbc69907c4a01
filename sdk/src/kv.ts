import type { CallOptions, ClientOptions, DurableOptions, WriteOptions } from './options.ts';
import { createSend, type Send, safetyOf } from './request.ts';
import type { Safety } from './retry.ts';

/** `ex` is an expiry in seconds, `px` in milliseconds; `nx` writes only where there is no key, `xx` only where there is. */
export interface SetOptions extends WriteOptions {
  ex?: number | undefined;
  px?: number | undefined;
  nx?: boolean | undefined;
  xx?: boolean | undefined;
}

/** Says that values are JSON texts, kept to the byte: numbers beyond 2^53 and the order of members survive. */
export interface AsText {
  as: 'text';
}

/** Names of keys; `truncated` where there are more than the API gives at once. */
export type KeyList = string[] & { truncated?: true };

/** The calls under `/api/kv`, named as Redis names them. They reject with CubbyError. */
export interface KVClient {
  /** The value, null where there is no such key; with `as: 'text'` its JSON as it was stored. */
  get(key: string, options: CallOptions & AsText): Promise<string | null>;
  get<T = unknown>(key: string, options?: CallOptions): Promise<T | null>;
  /** Writes any JSON; null where `nx` or `xx` did not hold. With `as: 'text'` the value is a JSON text. */
  set(key: string, value: string, options: SetOptions & AsText): Promise<'OK' | null>;
  set(key: string, value: unknown, options?: SetOptions): Promise<'OK' | null>;
  /** How many of the keys there were. */
  del(keys: readonly string[], options?: WriteOptions): Promise<number>;
  del(...keys: string[]): Promise<number>;
  /** Adds 1, or `amount`, to the number under the key, which counts as 0 where there is none; the sum. */
  incr(key: string, amount?: number, options?: DurableOptions): Promise<number>;
  /** Lets the key expire in so many seconds, at once for 0 and less; 0 where there is no such key. */
  expire(key: string, seconds: number, options?: WriteOptions): Promise<0 | 1>;
  /** Seconds until the key expires; −1 where it does not, −2 where there is none. */
  ttl(key: string, options?: CallOptions): Promise<number>;
  /** The keys that match a Redis glob: at most 10,000, see KeyList. */
  keys(pattern: string, options?: CallOptions): Promise<KeyList>;
}

/** A client of `/api/kv`. Throws a TypeError for a token or a base URL that cannot be used. */
export function createKVClient(options: ClientOptions): KVClient {
  return createKV(createSend(options));
}

function createKV(send: Send): KVClient {
  const post = <T>(name: string, body: string, safety: Safety, options: CallOptions | undefined) =>
    send<T>({ method: 'POST', path: `/api/kv/${name}`, body, safety, options });

  return {
    async get<T>(key: string, options?: CallOptions & Partial<AsText>) {
      const { text, json } = await post<{ value: T | null }>('get', JSON.stringify({ key }), 'read', options);
      return options?.as === 'text' ? (valueText(text) as T | null) : json.value;
    },
    async set(key: string, value: unknown, options?: SetOptions & Partial<AsText>) {
      const { ex, px, nx, xx } = options ?? {};
      const members = JSON.stringify({ key, ex, px, nx, xx });
      const text = options?.as === 'text' ? requireJson(value) : JSON.stringify(value);
      const body = text === undefined ? members : `${members.slice(0, -1)},"value":${text}}`;
      return (await post<{ result: 'OK' | null }>('set', body, safetyOf(options), options)).json.result;
    },
    async del(...given: unknown[]) {
      const [first, second] = given;
      const [keys, options] = Array.isArray(first) ? [first, second as WriteOptions | undefined] : [given, undefined];
      const body = JSON.stringify({ keys });
      return (await post<{ deleted: number }>('del', body, safetyOf(options), options)).json.deleted;
    },
    async incr(key, amount, options) {
      return (await post<{ value: number }>('incr', JSON.stringify({ key, amount }), 'write', options)).json.value;
    },
    async expire(key, seconds, options) {
      const body = JSON.stringify({ key, seconds });
      return (await post<{ result: 0 | 1 }>('expire', body, safetyOf(options), options)).json.result;
    },
    async ttl(key, options) {
      return (await post<{ ttl: number }>('ttl', JSON.stringify({ key }), 'read', options)).json.ttl;
    },
    async keys(pattern, options) {
      const body = JSON.stringify({ pattern });
      const { json } = await post<{ keys: string[]; truncated?: true }>('keys', body, 'read', options);
      return json.truncated ? Object.assign(json.keys, { truncated: json.truncated }) : json.keys;
    },
  };
}

/** The text of `value` in an answer, whose only member it is; null for the null of a missing key. */
function valueText(answer: string): string | null {
  const text = /^\s*\{\s*"value"\s*:\s*([\s\S]*\S)\s*\}\s*$/.exec(answer)?.[1];
  return text === undefined || text === 'null' ? null : text;
}

/** That text, where it is one JSON value; throws where it is not, and so could be more of a body than a value. */
function requireJson(text: unknown): string {
  JSON.parse(String(text));
  return String(text);
}
