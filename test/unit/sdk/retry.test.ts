import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ERRORS } from '../../../dataplane/pipeline/errors.ts';
import { AFTER, type Failure, failureOf, pauseMs, readRetryAfter } from '../../../sdk/src/retry.ts';

test('each code of the API fails as what it says of the call', () => {
  const declined = ['rate_limited', 'store_unavailable', 'store_hibernated'];
  for (const [code, { status }] of Object.entries(ERRORS)) {
    let expected: Failure = 'refused';
    if (declined.includes(code)) expected = 'declined';
    if (code === 'outcome_unknown') expected = 'overdue';
    if (code === 'internal_error') expected = 'failed';
    assert.equal(failureOf(status, code), expected, code);
  }
});

test('an answer of a proxy proves nothing about a write, except that of a rate limit', () => {
  const cases: [number, Failure][] = [
    [0, 'refused'],
    [302, 'refused'],
    [404, 'refused'],
    [413, 'refused'],
    [429, 'declined'],
    [500, 'failed'],
    [502, 'lost'],
    [503, 'lost'],
    [504, 'overdue'],
  ];
  for (const [status, expected] of cases) assert.equal(failureOf(status, undefined), expected, String(status));
});

test('a write is repeated only after what proves that nothing ran', () => {
  for (const [failure, { repeat, unknown }] of Object.entries(AFTER)) {
    assert.ok(!(unknown && repeat.includes('write')), failure);
    if (repeat.includes('write')) assert.deepEqual(repeat, ['read', 'write', 'idempotent']);
  }
});

test('pauses grow to a bound, vary, and are never shorter than what the server asks for', () => {
  assert.deepEqual(
    [0, 1, 2, 9].map((attempt) => pauseMs(attempt, undefined, 1)),
    [100, 200, 400, 2000],
  );
  assert.deepEqual(
    [0, 1, 2, 9].map((attempt) => pauseMs(attempt, undefined, 0)),
    [50, 100, 200, 1000],
  );
  assert.equal(pauseMs(0, 1000, 0), 1000);
  assert.ok(pauseMs(0, 1000, 1) > 1000);
});

test('Retry-After is read as seconds and as a date', () => {
  const now = Date.parse('2026-01-01T00:00:00Z');
  assert.equal(readRetryAfter('3', now), 3000);
  assert.equal(readRetryAfter('Thu, 01 Jan 2026 00:00:05 GMT', now), 5000);
  assert.equal(readRetryAfter('Wed, 31 Dec 2025 23:59:59 GMT', now), 0);
  assert.equal(readRetryAfter('soon', now), undefined);
  assert.equal(readRetryAfter(null, now), undefined);
});
