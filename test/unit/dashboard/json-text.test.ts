import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { formatJson, tokenizeJson } from '../../../dashboard/src/json/format.ts';
import { kindOf } from '../../../dashboard/src/json/kind.ts';
import { membersOf } from '../../../dashboard/src/json/members.ts';
import { bytesOf, formatBytes } from '../../../dashboard/src/json/size.ts';

describe('formatting JSON', () => {
  test('keeps what it says', () => {
    fc.assert(fc.property(fc.json(), (text) => assert.deepEqual(JSON.parse(formatJson(text)), JSON.parse(text))));
  });

  test('looks as JSON.stringify with two spaces', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (value) =>
        assert.equal(formatJson(JSON.stringify(value)), JSON.stringify(value, null, 2)),
      ),
    );
  });

  test('keeps numbers, order and escapes as they are written', () => {
    const text = '{"b":9007199254740993,"a":[1e400,-0,1.10],"c":"\\u00e9\\/"}';
    assert.equal(formatJson(text).replace(/\s/g, ''), text);
  });

  test('keeps every character when it is cut into pieces, wherever the text was cut off', () => {
    fc.assert(
      fc.property(fc.json(), fc.nat(), (json, place) => {
        const text = formatJson(json).slice(0, place % (json.length + 1));
        const pieces = tokenizeJson(text).map((piece) => (typeof piece === 'string' ? piece : piece.text));
        assert.equal(pieces.join(''), text);
      }),
    );
  });

  test('tells names from strings', () => {
    const kinds = tokenizeJson('{"a": "b", "c": [1, true]}').flatMap((piece) =>
      typeof piece === 'string' || piece.kind === 'sign' ? [] : [piece.kind],
    );
    assert.deepEqual(kinds, ['name', 'string', 'name', 'number', 'literal']);
  });
});

describe('the members of an answer', () => {
  test('are the texts that stand there', () => {
    const members = membersOf('{"key":"a,\\"b\\":{","value": {"x":[1,{"y":9007199254740993}]} ,"expires_at":null}');
    assert.deepEqual(
      [...members],
      [
        ['key', '"a,\\"b\\":{"'],
        ['value', '{"x":[1,{"y":9007199254740993}]}'],
        ['expires_at', 'null'],
      ],
    );
  });

  test('are those that JSON.parse finds, whatever they hold', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.json()), (parts) => {
        const text = `{${Object.entries(parts).map(([name, json]) => `${JSON.stringify(name)}:${json}`)}}`;
        assert.deepEqual(
          [...membersOf(text)],
          Object.entries(parts).map(([name, json]) => [name, json.trim()]),
        );
      }),
    );
  });
});

test('the kind of a value is told by its text', () => {
  const kinds = ['{"a":1}', '[1]', '"1"', '12', '-9007199254740993', '1.5', '1e3', 'true', 'false', 'null'].map(kindOf);
  assert.deepEqual(kinds, [
    'object',
    'array',
    'string',
    'counter',
    'counter',
    'number',
    'number',
    'boolean',
    'boolean',
    'null',
  ]);
});

test('sizes are those in UTF-8, in words', () => {
  assert.equal(bytesOf('"ä😀"'), 8);
  assert.deepEqual([1, 1023, 1024, 262_144, 5 * 2 ** 30].map(formatBytes), [
    '1 byte',
    '1023 bytes',
    '1.0 KiB',
    '256.0 KiB',
    '5.0 GiB',
  ]);
});

test('a deep value of the largest size does not become many times as long by its lines', () => {
  const deep = '['.repeat(500) + Array(120_000).fill('1').join() + ']'.repeat(500);
  const pretty = formatJson(deep);
  assert.equal(pretty.replace(/\s/g, ''), deep);
  assert.ok(pretty.length < 10_000_000, `${pretty.length} characters`);
});
