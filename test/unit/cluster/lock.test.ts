import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { withLock } from '../../../cluster/lock.ts';

async function lockFile(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'lock-'));
  t.after(() => rm(directory, { recursive: true }));
  return join(directory, 'lock');
}

test('only one holder works at a time', async (t) => {
  const path = await lockFile(t);
  let working = 0;
  let most = 0;
  const work = async () => {
    most = Math.max(most, ++working);
    await sleep(20);
    working--;
  };
  await Promise.all([withLock(path, work), withLock(path, work)]);
  assert.equal(most, 1);
});

test('a lock is given back when the work fails', async (t) => {
  const path = await lockFile(t);
  await assert.rejects(
    withLock(path, () => Promise.reject(new Error('no'))),
    /no/,
  );
  assert.equal(await withLock(path, async () => 'free'), 'free');
});

test('the lock of a process that has died is taken over', async (t) => {
  const path = await lockFile(t);
  const { pid } = spawnSync('true');
  await writeFile(path, String(pid));
  assert.equal(await withLock(path, async () => 'taken'), 'taken');
});
