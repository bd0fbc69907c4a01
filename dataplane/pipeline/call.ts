import type { IncomingHttpHeaders } from 'node:http';
import type { BackupEditor } from '../directory/backup-editor.ts';
import type { BackupReader } from '../directory/backup-reader.ts';
import type { Reach } from '../directory/reach.ts';
import type { StoreEditor } from '../directory/store-editor.ts';
import type { StoreIndex, StoreTarget } from '../directory/stores.ts';
import type { TokenEditor } from '../directory/token-editor.ts';
import type { TokenIndex, TokenRecord } from '../directory/tokens.ts';
import type { JsonObject } from '../json/object.ts';
import type { Counts, Meter } from '../metering/port.ts';
import type { Store, Stores } from '../store/port.ts';
import type { Budget } from './admission.ts';
import type { RequestSpan } from './trace.ts';

/** A request as both transports give it. */
export interface Request {
  readonly method: string;
  /** The request target as it was sent. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  /** The address that it came from; empty where the client has gone. */
  remote(): string;
  /** All bytes of the body, which has at most so many; rejects with an ApiError. Called once at most. */
  readBody(mostBytes: number, tenant?: string): Buffer | Promise<Buffer>;
  /** Counts bytes as held in memory for `tenant` until the answer has left. */
  hold(bytes: number, tenant?: string): void;
}

/** Where stores are made over the API, and what they are made with. */
export interface Management {
  editor: StoreEditor;
  /** Of the same namespace. */
  tokens: TokenEditor;
  /** Of the same namespace. */
  backups: BackupEditor;
  /** The project that is meant where a key with a role names none. */
  defaultProject: string;
  defaultVersion: string;
  /** A Kubernetes quantity. */
  defaultMemory: string;
}

/** What operations work with beside the store that a request is about. */
export interface Services {
  directory: { stores: StoreIndex; tokens: TokenIndex };
  /** Backups of every namespace. */
  backups: BackupReader;
  stores: Stores;
  meter: Meter;
  budget: Budget;
  systemNamespace: string;
  /** The Redis versions that stores may ask for. */
  versions: readonly string[];
  /** Milliseconds since 1970. */
  now: () => number;
  /** Absent: no store is made over the API. */
  management?: Management | undefined;
}

/** A JSON body: its text, and its members as the operation's schema judged them. */
export interface Body {
  json: JsonObject;
  fields: Record<string, unknown>;
}

/** A request on its way through the pipeline; each field is set by the step that is named. */
export interface Call {
  request: Request;
  requestId: string;
  services: Services;
  /** Undefined where nothing is traced. */
  span: RequestSpan | undefined;
  /** authenticate */
  token: TokenRecord;
  /** key; what stands for `{key}` or another word in braces, empty where the path has none. */
  key: string;
  /** query */
  query: Record<string, unknown>;
  /** body; empty where the request has none. */
  body: Body;
  /** project; what an API key named, or the default where it may; undefined for other tokens. Text of the client. */
  named: string | undefined;
  /** project; the project that the request turned out to be about. */
  project: string | undefined;
  /** project; what the token and the request name, be it there or not. */
  reach: Reach;
  /** project; undefined where the operation can do without a store that serves. */
  target: StoreTarget | undefined;
  /** charge; nano-tokens, undefined until then. */
  charged: number | undefined;
  /** project; only where the operation has the target `store`. */
  store: Store;
  /** run; what an audited operation wrote, as paths of the object; none where all was as asked. */
  changed?: readonly string[];
}

/** What goes back to the client. */
export interface Answer {
  status: number;
  /** Content-Type; application/json where absent. */
  type?: string;
  body: Buffer | string;
  headers?: Readonly<Record<string, string>>;
  /** The body is one for all requests, so that none of them holds memory for it. */
  shared?: boolean;
  /** What was run and is charged, where that is less than `charge` took. */
  ran?: Counts;
}

/** A 200 answer of JSON text. */
export function ok(body: Buffer | string): Answer {
  return { status: 200, body };
}
