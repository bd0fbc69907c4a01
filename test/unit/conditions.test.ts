import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const root = join(import.meta.dirname, '../..');
const docs = readFileSync(join(root, 'docs/conditions.md'), 'utf8');
const files = [...globSync('operator/status/*.ts', { cwd: root }), 'contract/backup.ts'];
const sources = files.map((file) => readFileSync(join(root, file), 'utf8'));

/** The members of every type called …Reason and of BackupFailure, which are all the reasons that a condition can have. */
const reasons = new Set(
  sources
    .flatMap((text) => [...text.matchAll(/export type (?:\w*Reason|BackupFailure) =([^;]*);/g)])
    .flatMap(([, members = '']) => [...members.matchAll(/'(\w+)'/g)])
    .map(([, reason = '']) => reason),
);

test('docs/conditions.md explains every reason that a condition can have, and no other', () => {
  assert.ok(reasons.size > 30, `${reasons.size} reasons`);
  const explained = new Set(
    [...docs.matchAll(/^\| ([A-Z]\w+(?:, [A-Z]\w+)*) \|/gm)].flatMap(([, cell = '']) => cell.split(', ')),
  );
  const types = ['Ready', 'Progressing', 'Degraded', 'SpecAccepted', 'Paused'];
  assert.deepEqual(
    [...reasons].filter((reason) => !explained.has(reason)),
    [],
  );
  assert.deepEqual(
    [...explained].filter((word) => !reasons.has(word) && !types.includes(word)),
    [],
  );
});
