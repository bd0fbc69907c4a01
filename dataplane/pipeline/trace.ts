import type { IncomingHttpHeaders } from 'node:http';
import type { Store } from '../store/port.ts';
import type { Outcome } from './observe.ts';

/** Follows requests through the process. The pipeline works without one, and then pays nothing for it. */
export interface Tracer {
  /** Begins the span of a request, within the trace that its traceparent header names (W3C Trace Context). */
  begin(request: { readonly method: string; readonly headers: IncomingHttpHeaders }): RequestSpan;
}

/** The span of one request. Nothing of keys, values, queries or tokens goes into it. */
export interface RequestSpan {
  /** 32 hexadecimal digits. */
  traceId: string;
  /** The same store; what is asked of its Redis through this one is a span of its own. */
  follow(store: Store): Store;
  end(outcome: Outcome): void;
}
