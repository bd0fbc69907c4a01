import assert from 'node:assert/strict';
import { test } from 'node:test';
import { looksLikeJson, toJson } from '../../../../cli/commands/value.ts';
import { CliError } from '../../../../cli/errors.ts';

test('a value is JSON where it parses, to the byte, and else a string', () => {
  const values = ['1', '1.0', '9007199254740993', 'true', '"x"', '{"b":1, "a":2}', 'hello', '007', '', 'NaN', "it's"];
  assert.deepEqual(
    values.map((text) => toJson(text, 'either')),
    ['1', '1.0', '9007199254740993', 'true', '"x"', '{"b":1, "a":2}', '"hello"', '"007"', '""', '"NaN"', `"it's"`],
  );
});

test('what is said to be a string is one, and what is said to be JSON must parse', () => {
  assert.equal(toJson('1', 'string'), '"1"');
  assert.throws(
    () => toJson('{a:1}', 'json'),
    (error) => error instanceof CliError && error.exit === 2,
  );
});

test('a string that was meant to be JSON is told from others', () => {
  assert.deepEqual(['{a:1}', '[1,', '"x', 'hello', '1,5'].map(looksLikeJson), [true, true, true, false, false]);
});
