import { type Context, createTraceState, ROOT_CONTEXT, type SpanContext, trace } from '@opentelemetry/api';

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const MOST_STATE_BYTES = 512;

/**
 * The context of a request by its headers traceparent and tracestate (W3C Trace Context, level 1); a header that is not
 * valid is as none.
 */
export function contextOf(traceparent: unknown, tracestate: unknown): Context {
  const remote = typeof traceparent === 'string' ? parse(traceparent) : undefined;
  if (!remote) return ROOT_CONTEXT;
  if (typeof tracestate === 'string' && tracestate.length <= MOST_STATE_BYTES) {
    remote.traceState = createTraceState(tracestate);
  }
  return trace.setSpanContext(ROOT_CONTEXT, remote);
}

function parse(traceparent: string): SpanContext | undefined {
  const [, version, traceId = '', spanId = '', flags = '', more] = TRACEPARENT.exec(traceparent) ?? [];
  // Version ff is forbidden; what follows the flags is for versions to come.
  if (version === undefined || version === 'ff' || (version === '00' && more !== undefined)) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & 1, isRemote: true };
}
