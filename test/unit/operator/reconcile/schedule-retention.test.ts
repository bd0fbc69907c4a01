import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KVBackup } from '../../../../contract/objects.ts';
import { removeOutlived } from '../../../../operator/reconcile/schedule-retention.ts';
import { backup, schedule } from '../objects.ts';

const now = new Date('2026-07-31T00:00:00Z');
const before = (seconds: number) => new Date(now.getTime() - seconds * 1000).toISOString();
const complete = (hours: number): KVBackup =>
  backup({ name: `c${hours}` }, { phase: 'Completed', completedAt: before(hours * 3600) });
const going = (hours: number, seconds: number): KVBackup => {
  const { metadata, ...rest } = complete(hours);
  return { ...rest, metadata: { ...metadata, deletionTimestamp: before(seconds) } };
};

/** What is deleted of those backups, in the order in which it is. */
async function removedOf(backups: readonly KVBackup[]): Promise<string[]> {
  const removed: string[] = [];
  const context = {
    client: { delete: async (_kind: unknown, { name }: { name: string }) => removed.push(name) },
    caches: { stores: { list: () => [] } },
    events: { record() {} },
    now: () => now,
  } as unknown as Parameters<typeof removeOutlived>[0];
  await removeOutlived(context, schedule({ retention: { count: 1 } }), backups, new AbortController().signal);
  return removed;
}

const many = Array.from({ length: 30 }, (_, hours) => complete(hours));

test('ten at a time are deleted, the oldest first', async () => {
  const removed = await removedOf(many);
  assert.deepEqual(
    removed,
    many
      .slice(-10)
      .map(({ metadata }) => metadata.name)
      .reverse(),
  );
});

test('those on their way out count, but for those that do not get away', async () => {
  const gone = Array.from({ length: 8 }, (_, hours) => going(100 + hours, 5));
  assert.equal((await removedOf([...many, ...gone])).length, 2);
  const stuck = Array.from({ length: 10 }, (_, hours) => going(200 + hours, 3600));
  assert.equal((await removedOf([...many, ...gone, ...stuck])).length, 2);
  assert.equal((await removedOf([...many, ...stuck])).length, 10);
});
