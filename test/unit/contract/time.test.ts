import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDuration, parseTime } from '../../../contract/time.ts';

test('durations are read as the CRDs allow them, and nothing else is', () => {
  const hour = 3_600_000;
  const good = { '720h': 720 * hour, '1h30m': 1.5 * hour, '90m': 1.5 * hour, '1h1s': hour + 1000, '0s': 0 };
  for (const [text, ms] of Object.entries(good)) assert.equal(parseDuration(text), ms, text);
  for (const text of ['', '1', 'h', '1d', '1.5h', '-1h', '30m1h', ' 1h', '1h\n'])
    assert.equal(parseDuration(text), undefined, text);
});

test('times are read in RFC 3339 only', () => {
  assert.equal(parseTime('2026-01-01T00:00:00Z'), Date.UTC(2026, 0, 1));
  assert.equal(parseTime('2026-01-01T01:00:00.5+01:00'), Date.UTC(2026, 0, 1) + 500);
  for (const text of [
    '',
    'now',
    '2026-01-01',
    '2026-01-01T00:00:00',
    '2026-13-01T00:00:00Z',
    '1767225600',
    ' 2026-01-01T00:00:00Z',
  ])
    assert.equal(parseTime(text), undefined, text);
});
