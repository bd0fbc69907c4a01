import assert from 'node:assert/strict';
import * as disk from 'node:fs/promises';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { clean, isSetAside, type Moves, swap, undo } from '../../../backup/data-directory.ts';

const OLD = { 'dump.rdb': 'old', 'appendonlydir/1.aof': 'old', '.lock': '', 'nodes.conf': 'mine' };
const FETCHED = { '.restore/dump.rdb': 'new' };
const LOG = {
  'appendonlydir/appendonly.aof.1.base.rdb': 'new',
  'appendonlydir/appendonly.aof.manifest': 'file appendonly.aof.1.base.rdb seq 1 type b\n',
};
const asLog = (folder: string, moves?: Moves) => swap(folder, moves, 'aof');
const RESTORED = { 'dump.rdb': 'new', '.lock': '', 'nodes.conf': 'mine' };

async function withFolder(files: Record<string, string>, work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'cubby-data-'));
  try {
    for (const [name, content] of Object.entries(files)) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), content);
    }
    await work(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** What Redis would find: the files that are not in a folder of a restore. */
async function found(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const names = paths.map((path) => path.slice(folder.length + 1)).filter((name) => !/^\.(restore|before)/.test(name));
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name), 'utf8')] as const)),
  );
}

class PowerCut extends Error {}

/** A disk that is cut off before its step number `steps`. */
function cutAfter(steps: number): Moves {
  let left = steps;
  const cut =
    <Args extends unknown[], Result>(work: (...args: Args) => Result) =>
    (...args: Args): Result => {
      if (left-- === 0) throw new PowerCut();
      return work(...args);
    };
  return { mkdir: cut(disk.mkdir) as Moves['mkdir'], rename: cut(disk.rename), rm: cut(disk.rm) };
}

/** Runs `work` with the power cut before each of its steps in turn, and `then` on what was left; the number of steps. */
async function atEachStep(
  prepare: (folder: string) => Promise<void>,
  work: (folder: string, moves: Moves) => Promise<void>,
  then: (folder: string) => Promise<void>,
): Promise<number> {
  for (let steps = 0; ; steps++) {
    let isCut = false;
    await withFolder({ ...OLD, ...FETCHED }, async (folder) => {
      await prepare(folder);
      await work(folder, cutAfter(steps)).catch((error) => {
        if (!(error instanceof PowerCut)) throw error;
        isCut = true;
      });
      await then(folder);
    });
    if (!isCut) return steps;
  }
}

test('swap puts what was fetched in the place of what Redis reads, and leaves the rest', () =>
  withFolder({ ...OLD, ...FETCHED }, async (folder) => {
    await swap(folder);
    assert.deepEqual(await found(folder), RESTORED);
    assert.equal(await readFile(join(folder, '.before-restore/appendonlydir/1.aof'), 'utf8'), 'old');
  }));

test('a swap that was cut off at any step is completed by the next one', async () => {
  const steps = await atEachStep(
    async () => {},
    swap,
    async (folder) => {
      await swap(folder);
      assert.deepEqual(await found(folder), RESTORED);
    },
  );
  assert.equal(steps, 5);
});

test('what was fetched becomes what an append-only file begins with, wherever that is cut off', async () => {
  const steps = await atEachStep(
    async () => {},
    asLog,
    async (folder) => {
      await asLog(folder);
      assert.deepEqual(await found(folder), { ...LOG, '.lock': '', 'nodes.conf': 'mine' });
      await undo(folder);
      assert.deepEqual(await found(folder), OLD);
    },
  );
  assert.equal(steps, 7);
});

test('a shard that is new forgets its slots with the data, and no other does', () =>
  withFolder({ '.lock': '', ...FETCHED }, async (folder) => {
    await asLog(folder);
    await writeFile(join(folder, 'nodes.conf'), 'slots of the keys');
    await undo(folder, undefined, true);
    assert.deepEqual(await found(folder), { '.lock': '' });
  }));

test('a swap that was cut off at any step can be undone, and the old data is back', async () => {
  await atEachStep(
    async () => {},
    swap,
    async (folder) => {
      await undo(folder);
      assert.deepEqual(await found(folder), OLD);
    },
  );
});

test('an undo that was cut off at any step is completed by the next one', async () => {
  const begin = async (folder: string) => {
    await swap(folder);
    await mkdir(join(folder, 'appendonlydir')); // what the Redis of the restored data wrote
    await writeFile(join(folder, 'appendonlydir/1.aof'), 'new');
  };
  const steps = await atEachStep(begin, undo, async (folder) => {
    await undo(folder);
    assert.deepEqual(await found(folder), OLD);
    assert.equal(await isSetAside(folder), false);
  });
  assert.equal(steps, 6);
});

test('a clean that was cut off at any step never leaves half of the old data to be put back', async () => {
  await atEachStep(swap, clean, async (folder) => {
    await undo(folder);
    const left = await found(folder);
    assert.ok(
      [OLD, RESTORED].some((whole) => isSame(left, whole)),
      JSON.stringify(left),
    );
    await clean(folder);
    assert.equal(await isSetAside(folder), false);
  });
});

test('undo without anything set aside changes nothing', () =>
  withFolder(OLD, async (folder) => {
    await undo(folder);
    assert.deepEqual(await found(folder), OLD);
  }));

test('an empty store is restored, and is empty again after undo', () =>
  withFolder({ '.lock': '', ...FETCHED }, async (folder) => {
    await swap(folder);
    assert.deepEqual(await found(folder), { '.lock': '', 'dump.rdb': 'new' });
    await undo(folder);
    assert.deepEqual(await found(folder), { '.lock': '' });
  }));

test('swap refuses while an earlier restore has not been ended, and where nothing was fetched', async () => {
  await withFolder({ ...OLD, ...FETCHED, '.before-restore/dump.rdb': 'older' }, async (folder) => {
    await assert.rejects(swap(folder), { reason: 'Failed' });
    assert.deepEqual(await found(folder), OLD);
  });
  await withFolder(OLD, (folder) => assert.rejects(swap(folder), { reason: 'NotFound' }));
});

function isSame(left: Record<string, string>, right: Record<string, string>): boolean {
  try {
    assert.deepEqual(left, right);
    return true;
  } catch {
    return false;
  }
}
