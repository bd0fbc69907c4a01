import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openVolume } from '../../../../backup/target/volume.ts';

async function* text(word: string): AsyncGenerator<Buffer> {
  yield Buffer.from(word);
}

test('what an attempt that was killed left half-written goes with the next one, or a day later with any', async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'cubby-volume-'));
  t.after(() => rmSync(root, { recursive: true }));
  const folder = join(root, 'shop/main');
  mkdirSync(folder, { recursive: true });
  const left = (name: string, hours: number) => {
    const then = Date.now() / 1000 - hours * 3600;
    writeFileSync(join(folder, name), 'half');
    utimesSync(join(folder, name), then, then);
  };
  left('one.rdb.0a1b2c3d.partial', 0);
  left('other.rdb.0a1b2c3d.partial', 23);
  left('old.rdb.0a1b2c3d.partial', 25);
  left('old.rdb', 1000);
  const target = openVolume(root);
  await target.remove('shop/main/one.rdb');
  assert.deepEqual(readdirSync(folder), ['old.rdb', 'old.rdb.0a1b2c3d.partial', 'other.rdb.0a1b2c3d.partial']);
  await target.put('shop/main/one.rdb', text('whole'));
  assert.deepEqual(readdirSync(folder), ['old.rdb', 'one.rdb', 'other.rdb.0a1b2c3d.partial']);
});
