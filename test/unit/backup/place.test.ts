import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { filesBelow } from '../../../backup/files.ts';
import { openTarget } from '../../../backup/target/open.ts';
import { backupObject } from '../../../contract/backup.ts';

test('an object is kept under the path that its status tells, from the root of the volume', async () => {
  const root = mkdtempSync(join(tmpdir(), 'cubby-'));
  mkdirSync(join(root, 'backup'));
  const target = { volume: { claimName: 'vault', path: 'kept' } };
  const object = backupObject(target, { namespace: 'shop', store: 'main', backup: 'monday', uid: '12345678-9' });
  const opened = await openTarget({ target, object, encrypted: false }, filesBelow(root));
  await opened.put(
    `${object}.rdb`,
    (async function* () {
      yield Buffer.from('x');
    })(),
  );
  assert.deepEqual(
    readdirSync(join(root, 'backup'), { recursive: true }).filter((n) => String(n).endsWith('.rdb')),
    [`${object}.rdb`],
  );
});
