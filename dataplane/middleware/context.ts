import type Koa from 'koa';
import type { TokenRecord } from '../directory/tokens.ts';
import type { JsonObject } from '../json/object.ts';
import type { Store } from '../store/port.ts';

/** A JSON body: its text, and those of its members that the route's schema describes, as the schema judged them. */
export interface Body {
  json: JsonObject;
  fields: Record<string, unknown>;
}

/** What middleware puts on a request for those after it; each field names who sets it. */
export interface State {
  /** observe */
  requestId: string;
  /** admission; bytes held in memory for this request. */
  heldBytes: number;
  /** authenticate */
  token: TokenRecord;
  /** readKey */
  key: string;
  /** readJson; undefined where the request has no body. */
  body: Body | undefined;
  /** resolveStore */
  store: Store;
  /** resolveStore; the project that the request turned out to be about. */
  project: string | undefined;
}

export type Context = Koa.ParameterizedContext<State>;
export type Middleware = Koa.Middleware<State>;
