import assert from 'node:assert/strict';
import { test } from 'node:test';
import { trace } from '@opentelemetry/api';
import { contextOf } from '../../../dataplane/tracing/parent.ts';
import { samplerOf } from '../../../dataplane/tracing/sampler.ts';
import { wantsTraces } from '../../../dataplane/tracing/wanted.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';
const parent = (traceparent: unknown, tracestate?: unknown) => trace.getSpanContext(contextOf(traceparent, tracestate));

test('a traceparent that is valid is the parent, with its flag and state', () => {
  const sampled = parent(`00-${TRACE}-${SPAN}-01`, 'vendor=1');
  assert.deepEqual([sampled?.traceId, sampled?.spanId, sampled?.traceFlags], [TRACE, SPAN, 1]);
  assert.equal(sampled?.traceState?.get('vendor'), '1');
  assert.equal(parent(`00-${TRACE}-${SPAN}-00`)?.traceFlags, 0);
  assert.equal(parent(`01-${TRACE}-${SPAN}-01-more`)?.spanId, SPAN, 'versions to come may say more');
});

test('any other traceparent is as none', () => {
  for (const text of [
    undefined,
    '',
    'x',
    ['00'],
    `00-${TRACE}-${SPAN}`,
    `00-${TRACE}-${SPAN}-01-more`,
    `ff-${TRACE}-${SPAN}-01`,
    `00-${TRACE.toUpperCase()}-${SPAN}-01`,
    `00-${'0'.repeat(32)}-${SPAN}-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    `00-${TRACE}-${SPAN}-01 `,
  ]) {
    assert.equal(parent(text), undefined, String(text));
  }
});

test('a tracestate without end is left out', () => {
  assert.equal(parent(`00-${TRACE}-${SPAN}-01`, `a=${'b'.repeat(1000)}`)?.traceState, undefined);
});

test('the sampler is the one that the environment names, else the default of the specification', () => {
  const named = (OTEL_TRACES_SAMPLER?: string, OTEL_TRACES_SAMPLER_ARG?: string) =>
    samplerOf({ OTEL_TRACES_SAMPLER, OTEL_TRACES_SAMPLER_ARG }).toString();
  assert.match(named(), /^ParentBased.*root=AlwaysOnSampler/);
  assert.match(named('nonsense'), /^ParentBased.*root=AlwaysOnSampler/);
  assert.equal(named('always_on'), 'AlwaysOnSampler');
  assert.equal(named('always_off'), 'AlwaysOffSampler');
  assert.match(named('parentbased_always_off'), /^ParentBased.*root=AlwaysOffSampler/);
  assert.match(named('traceidratio', '0.25'), /^TraceIdRatioBased.*0\.25/);
  assert.match(named('parentbased_traceidratio', '0.5'), /^ParentBased.*root=TraceIdRatioBased.*0\.5/);
  assert.match(named('traceidratio', '7'), /^TraceIdRatioBased\{1\}/);
});

test('traces are wanted where an endpoint is named and nothing switches them off', () => {
  const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' };
  assert.equal(wantsTraces({}), false);
  assert.equal(wantsTraces({ OTEL_EXPORTER_OTLP_ENDPOINT: '' }), false);
  assert.equal(wantsTraces(endpoint), true);
  assert.equal(wantsTraces({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://collector:4318/v1/traces' }), true);
  assert.equal(wantsTraces({ ...endpoint, OTEL_SDK_DISABLED: 'true' }), false);
  assert.equal(wantsTraces({ ...endpoint, OTEL_TRACES_EXPORTER: 'none' }), false);
});
