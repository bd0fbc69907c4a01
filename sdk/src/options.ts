/** How a client reaches the API, apart from its token. */
export interface ConnectionOptions {
  /** Where the API is, such as `https://kv.example.com`; may have a path. Undefined throws, as for the token. */
  baseUrl: string | undefined;
  /** The project, which an API key (`tk_`) needs; other tokens are bound to theirs. */
  projectId?: string | number | undefined;
  /** In place of the global `fetch`. */
  fetch?: ((url: string, init: RequestInit) => Promise<Response>) | undefined;
  /** Milliseconds that a call may take, repetitions included; 10,000 where absent, Infinity for no limit. */
  timeoutMs?: number | undefined;
  /** How often a call may be repeated where that is safe; 2 where absent. */
  retries?: number | undefined;
  /** Ends every call of the client that is under way, and refuses later ones. */
  signal?: AbortSignal | undefined;
}

/** How a client reaches the API, and as whom. */
export interface ClientOptions extends ConnectionOptions {
  /** `sk_live_…`, `dt_…` or `tk_…`; undefined throws, so that `process.env.TOKEN` may stand here. */
  token: string | undefined;
}

/** What every call takes. */
export interface CallOptions {
  /** Ends the call: it rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
  /** In place of the client's. */
  timeoutMs?: number | undefined;
  /** Reads from the primary, whatever caches there are. */
  cache?: 'no-store' | undefined;
}

/** What every write takes. */
export interface DurableOptions extends CallOptions {
  /**
   * How many nodes of a store with replicas must have the write, 2 or more, the primary included; where too few have it in
   * time, the error is `outcome_unknown`.
   */
  durability?: number | undefined;
}

/** What a write takes that may be repeated. */
export interface WriteOptions extends DurableOptions {
  /** Says that applying this write twice is as good as once, so that it is repeated after a lost answer as a read is. */
  idempotent?: boolean | undefined;
}
