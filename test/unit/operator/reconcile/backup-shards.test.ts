import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SlotRange } from '../../../../contract/backup.ts';
import { unsettled } from '../../../../operator/reconcile/backup-shards.ts';
import type { ClusterView } from '../../../../operator/redis/cluster-nodes.ts';

/** Shards of those slots that all know one another. */
function views(...slots: SlotRange[][]): ClusterView[] {
  return slots.map((own, ordinal) => ({
    id: `n${ordinal}`,
    slots: own,
    others: new Map(
      slots.flatMap((other, i) => (i === ordinal ? [] : [[`n${i}`, { linked: true, named: true, slots: other }]])),
    ),
    migrating: new Map(),
    importing: new Map(),
  }));
}

test('shards that have all slots between them, in equal parts, may be backed up', () => {
  assert.equal(unsettled(views([[0, 8191]], [[8192, 16383]])), undefined);
  assert.equal(unsettled(views([[0, 5460]], [[5461, 10921]], [[10922, 16383]])), undefined);
});

test('a shard that is to get slots, one that is half moved, and two that claim the same are waited for', () => {
  const moving = /on their way/;
  assert.match(unsettled(views([[0, 8191]], [[8192, 16383]], [])) ?? '', moving);
  const [first, second] = views([[0, 8191]], [[8192, 16383]]) as [ClusterView, ClusterView];
  assert.match(unsettled([{ ...first, migrating: new Map([[7, 'n1']]) }, second]) ?? '', moving);
  assert.match(unsettled([first, { ...second, importing: new Map([[7, 'n0']]) }]) ?? '', moving);
  assert.match(unsettled(views([[0, 8192]], [[8192, 16383]])) ?? '', moving);
  assert.match(unsettled(views([[0, 8191]], [[8192, 16382]])) ?? '', moving);
});

test('a shard that was lost is told of, for what is left is not the data of the store', () => {
  const [first, second] = views([[0, 8191]], []) as [ClusterView, ClusterView];
  const lost = new Map([...first.others, ['gone', { linked: false, named: true, slots: [[8192, 16383]] as const }]]);
  assert.match(unsettled([{ ...first, others: lost }, second]) ?? '', /lost its volume/);
});
