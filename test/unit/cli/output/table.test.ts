import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderFields, renderTable } from '../../../../cli/output/table.ts';

test('columns are as wide as their widest cell, numbers at the right, nothing behind the last', () => {
  const columns = [{ title: 'NAME' }, { title: 'KEYS', align: 'right' as const }, { title: 'AGE' }];
  const rows = [
    ['a', '1', '5s'],
    ['longer', '12345', ''],
  ];
  assert.equal(renderTable(columns, rows), 'NAME      KEYS   AGE\na            1   5s\nlonger   12345\n');
});

test('a colour takes no room', () => {
  const green = '\x1b[32mReady\x1b[39m';
  assert.equal(renderTable([{ title: 'PHASE' }, { title: 'B' }], [[green, 'x']]), `PHASE   B\n${green}   x\n`);
});

test('fields stand below each other, lines that follow below their text, and those without a text are left out', () => {
  const fields = [
    ['a', 'one\ntwo'],
    ['long', 'x'],
    ['none', undefined],
  ] as const;
  assert.equal(renderFields(fields), 'a      one\n       two\nlong   x\n');
});
