import { type Context, type Span, SpanKind, SpanStatusCode, type Tracer as Spans, trace } from '@opentelemetry/api';
import type { Tracer } from '../pipeline/trace.ts';
import { type Store, StoreError } from '../store/port.ts';
import { contextOf } from './parent.ts';

/** A tracer of requests over a tracer of OpenTelemetry. Names and attributes are those of its semantic conventions. */
export function createTracer(spans: Spans): Tracer {
  return {
    begin({ method, headers }) {
      const parent = contextOf(headers.traceparent, headers.tracestate);
      const span = spans.startSpan(method, { kind: SpanKind.SERVER }, parent);
      const { traceId } = span.spanContext();
      return {
        traceId,
        follow: (store) => (span.isRecording() ? followed(store, spans, trace.setSpan(parent, span)) : store),
        end(outcome) {
          const { route, operation, status, code, project, requestId } = outcome;
          if (route !== 'none') span.updateName(`${method} ${route}`).setAttribute('http.route', route);
          span.setAttributes({
            'http.request.method': method,
            'http.response.status_code': status,
            'cubby.operation': operation,
            'cubby.request_id': requestId,
          });
          if (project !== undefined) span.setAttribute('cubby.project', project);
          if (code !== undefined) span.setAttribute('error.type', code);
          if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
          span.end();
        },
      };
    },
  };
}

/** A store whose methods each make a span where they return a promise; what memory answers at once needs none. */
function followed(store: Store, spans: Spans, context: Context): Store {
  return new Proxy(store, {
    get(target, name) {
      const method = Reflect.get(target, name);
      if (typeof method !== 'function' || typeof name !== 'string') return method;
      return (...args: unknown[]) => {
        const startTime = performance.now();
        const result = method.apply(target, args);
        if (!(result instanceof Promise)) return result;
        const attributes = { 'db.system.name': 'redis', 'db.operation.name': name };
        const span = spans.startSpan(name, { kind: SpanKind.CLIENT, startTime, attributes }, context);
        result.then(
          () => span.end(),
          (error) => fail(span, error),
        );
        return result;
      };
    },
  });
}

function fail(span: Span, error: unknown): void {
  span.setAttribute('error.type', error instanceof StoreError ? error.failure : 'other');
  span.setStatus({ code: SpanStatusCode.ERROR });
  span.end();
}
