import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { Suite } from '../../chaos/acts.ts';
import { openArena } from '../../chaos/arena.ts';
import { prove, runCampaign, type Strike } from '../../chaos/campaign.ts';
import { deaths } from '../../chaos/fate.ts';
import { plants } from '../../chaos/plants.ts';
import { suites } from '../../chaos/suites.ts';

// A sample of what `npm run chaos` does in full.
const arena = await openArena();
after(async () => {
  await arena.close();
  assert.deepEqual(arena.nodeFailures, []);
});
const suite = (name: string): Suite => suites.find((one) => one.name === name) as Suite;
const ways = Object.keys(deaths).length;

/** Each write once, and each death in turn. */
const oneEach = (strikes: readonly Strike[]) => strikes.filter((_, i) => Math.floor(i / ways) % ways === i % ways);

test('a suite catches an operator that takes a write for made when it begins it', async () => {
  assert.deepEqual(await prove(arena, suite('create'), plants.forgetful, 'forgetful'), { caught: true });
});

for (const [name, leastWrites] of [
  ['create', 12],
  ['upgrade', 8],
  ['hibernate', 6],
  ['restore', 20],
] as const) {
  test(`${name}: an operator that dies at a write leaves the next one what an undisturbed one reaches`, async () => {
    const { writes, struck, divergences } = await runCampaign(arena, suite(name), { concurrency: 8, choose: oneEach });
    assert.deepEqual(divergences, []);
    assert.ok(writes >= leastWrites, `${writes} writes`);
    assert.ok(struck > writes / 2, `${struck} of ${writes} strikes were met`);
  });
}
