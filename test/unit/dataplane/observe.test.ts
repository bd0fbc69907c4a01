import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import type { ErrorCode } from '../../../dataplane/pipeline/errors.ts';
import type { Metrics } from '../../../dataplane/pipeline/metrics.ts';
import { type AccessLog, createObserver } from '../../../dataplane/pipeline/observe.ts';

/** What is logged and counted of requests of a project that end so. */
function observe(accessLog: AccessLog, answers: readonly (readonly [status: number, code?: ErrorCode])[]) {
  const lines: string[] = [];
  let limited = 0;
  let counted = 0;
  const metrics = {
    count: () => counted++,
    countCharge: () => {},
    countProject: () => {},
    countLimited: () => limited++,
  } as Partial<Metrics> as Metrics;
  const observer = createObserver(pino({}, { write: (line: string) => lines.push(line) }), metrics, accessLog);
  for (const [status, code] of answers) {
    const request = { requestId: 'r', traceId: undefined, route: '/infra/kv', operation: 'scanKeys', method: 'GET' };
    observer({ ...request, status, code, project: 'p', charged: 0, milliseconds: 1 });
  }
  return { codes: lines.map((line) => JSON.parse(line).code ?? null), limited, counted };
}

const ANSWERS = [
  [200],
  [404, 'not_found'],
  [401, 'unauthorized'],
  [429, 'rate_limited'],
  [402, 'insufficient_tokens'],
  [503, 'store_unavailable'],
] as const;

test('misses and clients beyond their limit or budget are counted and fill no log', () => {
  assert.deepEqual(observe('errors', ANSWERS), {
    codes: ['unauthorized', 'store_unavailable'],
    limited: 1,
    counted: 6,
  });
});

test('every request has a line where all are asked for', () => {
  assert.deepEqual(observe('all', ANSWERS).codes, [null, ...ANSWERS.slice(1).map(([, code]) => code)]);
});
