import { DiagLogLevel, diag } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import {
  defaultResource,
  detectResources,
  resourceAttributesEnvDetector,
  resourceFromAttributes,
  serviceNameEnvDetector,
} from '@opentelemetry/resources';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import type { Logger } from 'pino';
import type { Tracer } from '../pipeline/trace.ts';
import { samplerOf } from './sampler.ts';
import { createTracer } from './tracer.ts';

/** What sends traces. */
export interface Tracing {
  tracer: Tracer;
  /** Sends what has not been sent yet; takes a few seconds at most. */
  close(): Promise<void>;
}

const CLOSE_MS = 3000;

/**
 * Sends traces by OTLP over HTTP. Where to, with which headers and as which service is read by the libraries from the
 * environment variables of OpenTelemetry's specification. Traces that cannot be sent are dropped, and it is logged.
 */
export function startTracing(env: NodeJS.ProcessEnv, log: Logger): Tracing {
  const warn = (message: string) => log.warn({ detail: message }, 'tracing');
  const quiet = () => {};
  const logger = { error: warn, warn, info: quiet, debug: quiet, verbose: quiet };
  diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
  const detectors = [resourceAttributesEnvDetector, serviceNameEnvDetector];
  const resource = defaultResource()
    .merge(resourceFromAttributes({ 'service.name': 'cubby-dataplane' }))
    .merge(detectResources({ detectors }));
  const processor = new BatchSpanProcessor({ exporter: new OTLPTraceExporter(), scheduledDelayMillis: 2000 });
  const provider = new TracerProvider({ resource, sampler: samplerOf(env), spanProcessors: [processor] });
  return {
    tracer: createTracer(provider.getTracer('cubby')),
    async close() {
      const late = Promise.withResolvers<void>();
      const timer = setTimeout(late.resolve, CLOSE_MS);
      await Promise.race([provider.shutdown().catch((error) => warn(String(error))), late.promise]);
      clearTimeout(timer);
    },
  };
}
