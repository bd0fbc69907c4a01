import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { SlotRange } from '../../../../contract/backup.ts';
import { planShards, type ShardsPlan, slotCounts } from '../../../../operator/reconcile/shards-plan.ts';
import { type ClusterView, SLOTS } from '../../../../operator/redis/cluster-nodes.ts';

type Model = { slots: Set<number>; migrating: Map<number, string>; importing: Map<number, string> };

const empty = (): Model => ({ slots: new Set(), migrating: new Map(), importing: new Map() });
const rangesOf = (slots: Iterable<number>): SlotRange[] => [...slots].map((slot) => [slot, slot]);

/** What shards say that all know one another. */
function views(models: readonly Model[], linked = true): ClusterView[] {
  return models.map(({ slots, migrating, importing }, ordinal) => ({
    id: `n${ordinal}`,
    slots: rangesOf(slots),
    others: new Map(
      models.flatMap((other, i) =>
        i === ordinal ? [] : [[`n${i}`, { linked, named: true, slots: rangesOf(other.slots) }]],
      ),
    ),
    migrating,
    importing,
  }));
}

/** Does what the plan says, as far as one pass gets with so many moves. */
function apply(models: Model[], { assign, moves }: ShardsPlan, most: number): void {
  for (const { at, ranges } of assign) {
    for (const [first, last] of ranges) for (let slot = first; slot <= last; slot++) models[at]?.slots.add(slot);
  }
  for (const { slot, from, to } of moves.slice(0, most)) {
    models[from]?.slots.delete(slot);
    models[from]?.migrating.delete(slot);
    models[to]?.importing.delete(slot);
    models[to]?.slots.add(slot);
  }
}

test('shards that do not know one another are to meet, before all else', () => {
  const { meet } = planShards(views([empty(), empty()], false));
  assert.deepEqual(meet, [
    { at: 0, to: 1 },
    { at: 1, to: 0 },
  ]);
  assert.deepEqual(planShards(views([empty(), empty()])).meet, []);
});

test('slots that nobody has are given out in equal parts, and then nothing is to be done', () => {
  for (const count of [2, 3, 5, 7, 64]) {
    const models = Array.from({ length: count }, empty);
    apply(models, planShards(views(models)), 0);
    const plan = planShards(views(models));
    assert.deepEqual([plan.assign, plan.moves, plan.lost], [[], [], 0], `${count} shards`);
    const counts = slotCounts(views(models));
    assert.ok(Math.max(...counts) - Math.min(...counts) <= 1);
    assert.equal(
      counts.reduce((a, b) => a + b),
      SLOTS,
    );
  }
});

test('slots of a node that is no shard are not given to another, but told', () => {
  const models = [empty(), empty()];
  apply(models, planShards(views(models)), 0);
  const [first, second] = views(models) as [ClusterView, ClusterView];
  const lost = { ...second, id: 'new', slots: [] };
  const known = { ...first, others: new Map([...first.others, ['new', { linked: true, named: true, slots: [] }]]) };
  const plan = planShards([known, lost]);
  assert.equal(plan.informed, true, 'nobody tells the new one of them');
  assert.equal(plan.lost, SLOTS / 2);
  assert.deepEqual(plan.assign, []);
});

test('a shard that does not know yet who has a slot is told of', () => {
  const models = [empty(), empty(), empty()];
  apply(models, planShards(views(models)), 0);
  const [first, ...others] = views(models) as [ClusterView, ...ClusterView[]];
  assert.equal(planShards([first, ...others]).informed, true);
  const fresh = { ...first, others: new Map([...first.others].slice(0, 1)) };
  assert.equal(planShards([fresh, ...others]).informed, false);
});

test('what was begun is finished first, whichever side of it is left', () => {
  const models = [empty(), empty(), empty()];
  apply(models, planShards(views(models)), 0);
  models[0]?.migrating.set(5, 'n2');
  models[2]?.importing.set(6, 'n0');
  models[2]?.importing.set(5, 'n0');
  // Taken over already, as the one that had it has not learnt.
  models[1]?.migrating.set(16_383, 'n2');
  assert.deepEqual(planShards(views(models)).moves.slice(0, 2), [
    { slot: 5, from: 0, to: 2 },
    { slot: 6, from: 0, to: 2 },
  ]);
});

test('what was to go to a shard that has lost its volume stays, or goes to the one that has taken its place', () => {
  const models = [empty(), empty(), empty()];
  apply(models, planShards(views(models)), 0);
  models[0]?.migrating.set(5, 'gone');
  models[1]?.migrating.set(6000, 'gone');
  models[1]?.migrating.set(6001, 'n2');
  // Another has it, as this one has learnt; the end of the move it was never told.
  models[1]?.migrating.set(16_000, 'n2');
  const { settle, moves } = planShards(views(models));
  assert.deepEqual(settle, [
    { at: 0, slots: [5] },
    { at: 1, slots: [6000, 16_000] },
  ]);
  assert.deepEqual(moves[0], { slot: 6001, from: 1, to: 2 });
});

test('growing gives each an equal part, moves slots up only, and comes to an end wherever it is broken off', () => {
  const growth = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 6 }), growth, fc.integer({ min: 200, max: 4000 }), (start, growths, pass) => {
      const models = Array.from({ length: start }, empty);
      apply(models, planShards(views(models)), 0);
      for (const more of growths) {
        models.push(...Array.from({ length: more }, empty));
        for (let passes = 0; ; passes++) {
          const plan = planShards(views(models));
          assert.ok(plan.moves.every(({ from, to }) => to > from));
          if (plan.moves.length === 0) break;
          apply(models, plan, pass);
          assert.ok(passes < 200, 'it ends');
        }
        const counts = slotCounts(views(models));
        assert.equal(
          counts.reduce((a, b) => a + b),
          SLOTS,
        );
        assert.ok(
          counts.every((count) => count >= Math.floor(SLOTS / models.length)),
          String(counts),
        );
      }
    }),
    { numRuns: 8 },
  );
});
