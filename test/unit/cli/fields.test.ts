import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { viewStore } from '../../../cli/commands/stores.ts';
import { viewToken } from '../../../cli/commands/token-list.ts';
import { viewSample } from '../../../cli/commands/top.ts';
import { kvToken } from '../dataplane/objects.ts';
import { storeWith } from './objects.ts';

const guide = readFileSync(join(import.meta.dirname, '../../../docs/cli.md'), 'utf8');

/** The fields that docs/cli.md promises of each element of a command's list. */
function promised(command: string): string[] {
  const row = guide.split('\n').find((line) => line.startsWith(`| \`${command}\` |`)) ?? '';
  const list = row.split('a list of ')[1]?.replace(/\([^)]*\)/g, '') ?? '';
  return [...list.matchAll(/`(\w+)`/g)].map(([, name = '']) => name);
}

test('what -o json shows of a store, a token and a look of top is what docs/cli.md promises', () => {
  const store = storeWith([]);
  assert.deepEqual(Object.keys(viewStore(store)), promised('stores'));
  assert.deepEqual(Object.keys(viewToken(kvToken({}).object)), promised('token list'));
  const sample = viewSample({ store, keys: null, operations: null, at: 0 }, undefined);
  assert.deepEqual(Object.keys(sample), promised('top'));
});

test('what is not known is null and not left out', () => {
  const { image, memory, endpoint } = viewStore({ ...storeWith([]), status: {} });
  assert.deepEqual([image, memory, endpoint], [null, { limit: null, used: null }, null]);
});
