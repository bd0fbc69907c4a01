import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createProgress, formatDuration } from '../../../cluster/progress.ts';

test('durations read as people say them', () => {
  assert.deepEqual([400, 12_000, 351_000, 119_600].map(formatDuration), ['0.4 s', '12 s', '5 min 51 s', '2 min 0 s']);
});

test('a step tells its beginning, how far it is every ten seconds, and its end', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval', 'Date'] });
  const lines: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const step = createProgress((line) => lines.push(line)).step('building', async (tell) => {
    tell('3 of 9');
    await promise;
  });
  t.mock.timers.tick(10_000);
  resolve();
  await step;
  assert.deepEqual(lines, ['▸ building', '  … building: 10 s, 3 of 9', '✓ building (10 s)']);
});

test('a step that fails says so and passes the error on', async () => {
  const lines: string[] = [];
  const step = createProgress((line) => lines.push(line)).step('building', () => Promise.reject(new Error('no')));
  await assert.rejects(step, /no/);
  assert.match(lines[1] ?? '', /^✗ building/);
});
