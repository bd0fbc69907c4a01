import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace';

/**
 * The sampler that OTEL_TRACES_SAMPLER and OTEL_TRACES_SAMPLER_ARG name; where they are absent or not understood it is
 * the specification's default, which follows the caller's decision and else takes every trace.
 */
export function samplerOf(env: NodeJS.ProcessEnv): Sampler {
  const name = env.OTEL_TRACES_SAMPLER ?? 'parentbased_always_on';
  const [, byParent, kind = 'always_on'] = /^(parentbased_)?(always_on|always_off|traceidratio)$/.exec(name) ?? [];
  const root = rootSampler(kind, env.OTEL_TRACES_SAMPLER_ARG);
  return byParent === undefined && kind === name ? root : new ParentBasedSampler({ root });
}

function rootSampler(kind: string, argument: string | undefined): Sampler {
  if (kind === 'always_off') return new AlwaysOffSampler();
  if (kind === 'always_on') return new AlwaysOnSampler();
  const ratio = Number(argument || 1);
  return new TraceIdRatioBasedSampler(ratio >= 0 && ratio <= 1 ? ratio : 1);
}
