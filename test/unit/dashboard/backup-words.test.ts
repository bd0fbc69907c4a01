import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  isSchedule,
  keepWords,
  nameProblem,
  placeWords,
  scheduleWords,
} from '../../../dashboard/src/pages/backups/words.ts';

test('a place is one line, whatever it is', () => {
  assert.equal(placeWords({ volume: { claim_name: 'backups', path: 'daily' } }), 'Volume backups/daily');
  assert.equal(placeWords({ s3: { bucket: 'kv', credentials_secret: 's3', prefix: 'a/b' } }), 's3://kv/a/b');
});

test('what a schedule does and keeps is said in words', () => {
  assert.equal(scheduleWords({ schedule: '0 3 * * *', time_zone: 'UTC' }), 'Each night at 3 (UTC)');
  assert.equal(scheduleWords({ schedule: '1 2 * * 3', time_zone: 'Europe/Berlin' }), '1 2 * * 3 (Europe/Berlin)');
  assert.equal(keepWords({ keep_count: null, keep_age: null }), 'Keeps all');
  assert.equal(keepWords({ keep_count: 7, keep_age: null }), 'Keeps the newest 7');
  assert.equal(keepWords({ keep_count: null, keep_age: '30d' }), 'Keeps those of the last 30 days');
  assert.equal(
    keepWords({ keep_count: 7, keep_age: '48h' }),
    'Keeps the newest 7, and of these those of the last 48 hours',
  );
});

test('a text is taken for a schedule or a name only where the server would take it', () => {
  for (const text of ['0 3 * * *', '@daily', '*/5 1-4 1,15 * MON']) assert.ok(isSchedule(text), text);
  for (const text of ['', '0 3 * *', '@yearly', '0 3 * * * *']) assert.ok(!isSchedule(text), text);
  for (const name of ['', 'a', 'before-sale', 'x'.repeat(52)]) assert.equal(nameProblem(name, 52), undefined, name);
  for (const name of ['A', '-a', 'a-', 'a.b', 'x'.repeat(53)]) assert.match(nameProblem(name, 52) ?? '', /52/, name);
});
