/**
 * Whether the environment asks for traces (OpenTelemetry's specification of environment variables): an endpoint is
 * named, and neither all of it nor its traces are switched off. Loads nothing, so that whoever has no traces pays nothing.
 */
export function wantsTraces(env: NodeJS.ProcessEnv): boolean {
  if (env.OTEL_SDK_DISABLED?.toLowerCase() === 'true' || env.OTEL_TRACES_EXPORTER === 'none') return false;
  return Boolean(env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT || env.OTEL_EXPORTER_OTLP_ENDPOINT);
}
