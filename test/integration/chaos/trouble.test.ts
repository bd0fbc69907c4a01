import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { openArena } from '../../chaos/arena.ts';
import { endure } from '../../chaos/campaign.ts';
import { disturbances } from '../../chaos/disturbances.ts';

const arena = await openArena();
after(async () => {
  await arena.close();
  assert.deepEqual(arena.nodeFailures, []);
});

test('a life ends as an undisturbed one, whatever becomes of events, lists and writes on the way', async () => {
  const endured = await endure(arena, disturbances, disturbances.length);
  assert.equal(endured.length, disturbances.length);
  for (const { disturbance, why } of endured) assert.equal(why, undefined, disturbance.name);
});
