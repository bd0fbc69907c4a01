import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { openArena } from '../../chaos/arena.ts';
import { believe, type Past, pasts, trusting } from '../../chaos/stale.ts';
import { Divergence } from '../../chaos/trial.ts';

const arena = await openArena();
after(async () => {
  await arena.close();
  assert.deepEqual(arena.nodeFailures, []);
});
const past = (name: string): Past => pasts.find((one) => one.name === name) as Past;

test('an operator that is told the past stops no Redis for it, and catches up', async () => {
  await Promise.all([
    believe(arena, past('hibernated'), 'stores'),
    believe(arena, past('older'), 'all'),
    believe(arena, past('another'), 'all'),
    assert.rejects(
      believe(arena, past('hibernated'), 'stores', trusting),
      Divergence,
      'an operator that does not look before it stops a Redis is caught',
    ),
  ]);
});
