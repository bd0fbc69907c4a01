import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseObject } from '../../../dataplane/json/object.ts';
import { JsonError, spaceEnd, valueEnd } from '../../../dataplane/json/scan.ts';

const LIST = { name: 'ops', most: 100, members: ['op', 'key', 'value', 'ttl'] };

/** Whether the scanner takes the text for one JSON value and nothing else. */
function isValue(text: string): boolean {
  const bytes = Buffer.from(text);
  try {
    return spaceEnd(bytes, valueEnd(bytes, spaceEnd(bytes, 0))) === bytes.length;
  } catch (error) {
    assert.ok(error instanceof JsonError, String(error));
    return false;
  }
}

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const pieces = [
  ...['{', '}', '[', ']', ':', ',', ' ', '\n', '\t', '\r', '\f', '\u00a0', '\ufeff'],
  ...['"', '\\', '"a"', '"\\"', '\\u00e9', '\\u12', '\\x', '\\/', '\\b', '"\u0001"', '"\u007f"', '"é"', "'a'"],
  ...[
    '0',
    '1',
    '-',
    '+',
    '.',
    'e',
    'E',
    '01',
    '-0',
    '1.5',
    '1.',
    '.5',
    '1e5',
    '1e+',
    '1E-07',
    '0x1',
    'NaN',
    'Infinity',
  ],
  ...['true', 'false', 'null', 'tru', 'nul', 'True', 'truex', '//', '/**/'],
];

test('a text is a value exactly where JSON.parse says so', () => {
  const soup = fc.array(fc.constantFrom(...pieces), { maxLength: 10 }).map((parts) => parts.join(''));
  const broken = fc
    .tuple(fc.json(), fc.nat(), fc.constantFrom(...pieces), fc.boolean())
    .map(([text, at, piece, insert]) => {
      const cut = at % (text.length + 1);
      return text.slice(0, cut) + piece + text.slice(insert ? cut : cut + 1);
    });
  fc.assert(
    fc.property(fc.oneof(soup, broken, fc.json(), fc.string()), (text) => {
      // What is no text of UTF-8 never comes so far.
      if (text.isWellFormed()) assert.equal(isValue(text), parses(text), JSON.stringify(text));
    }),
    { numRuns: 20_000 },
  );
});

test('numbers of every form', () => {
  for (const text of ['0', '-0', '10', '-1', '0.0', '1.50', '1e400', '1E-7', '0e+00', '9'.repeat(1000)]) {
    assert.ok(isValue(text), text);
  }
  for (const text of ['', '-', '00', '01', '-01', '1.', '.1', '1e', '1e+', '+1', '1 1', '0x1', '1_0', 'Infinity']) {
    assert.ok(!isValue(text), text);
  }
});

test('the elements of the list are had as they were written, and other arrays are values', () => {
  const text = '{"ops" : [ {"op":"set", "value" : { "a":1 } } ,{}, 1, [{}], {"\\u006fp":"x"} ], "more":[{"op":1}]}';
  const object = parseObject(Buffer.from(text), LIST);
  assert.deepEqual(object.names, ['ops', 'more']);
  assert.equal(object.list?.length, 5);
  assert.equal(String(object.list?.[0]?.text('value')), '{ "a":1 }');
  assert.equal(object.list?.[0]?.value('op'), 'set');
  assert.deepEqual(object.list?.[1]?.names, []);
  assert.deepEqual([object.list?.[2], object.list?.[3]], [undefined, undefined]);
  assert.deepEqual(object.list?.[4]?.names, ['op']);
  assert.deepEqual(object.value('more'), [{ op: 1 }]);
  assert.equal(String(object.text('ops')), text.slice(9, text.indexOf(', "more"')));
  for (const other of ['{}', '{"ops":{}}', '{"ops":null}', '{"other":[]}']) {
    assert.equal(parseObject(Buffer.from(other), LIST).list, undefined, other);
  }
  assert.deepEqual(parseObject(Buffer.from('{"ops":[]}'), LIST).list, []);
});

test('any list of objects is read as JSON.parse reads it', () => {
  const names = fc.oneof(fc.constantFrom(...LIST.members, 'o', 'opp', '__proto__'), fc.string());
  const element = fc.uniqueArray(fc.tuple(names, fc.json()), { selector: ([name]) => name, maxLength: 6 });
  fc.assert(
    fc.property(fc.array(element, { maxLength: 8 }), (elements) => {
      const objects = elements.map(
        (members) => `{${members.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(',')}}`,
      );
      const { list } = parseObject(Buffer.from(`{"ops":[${objects.join(' , ')}]}`), LIST);
      for (const [i, members] of elements.entries()) {
        assert.deepEqual(
          list?.[i]?.names,
          members.map(([name]) => name),
        );
        for (const [name, value] of members) {
          assert.equal(String(list?.[i]?.text(name)), value);
          assert.deepEqual(list?.[i]?.value(name), JSON.parse(value));
        }
      }
    }),
  );
});

test('a list may have so many elements and no more, and an object 64 members', () => {
  const list = (length: number) => Buffer.from(`{"ops":[${Array(length).fill('{}')}]}`);
  assert.equal(parseObject(list(100), LIST).list?.length, 100);
  assert.throws(() => parseObject(list(101), LIST), /ops has more than 100 elements/);
  const members = (count: number) => Buffer.from(`{${Array.from({ length: count }, (_, i) => `"m${i}":1`)}}`);
  assert.equal(parseObject(members(64)).names.length, 64);
  assert.throws(() => parseObject(members(65)), /more than 64 fields/);
});

test('a megabyte of the smallest values is read in no more memory than its text', () => {
  const text = Buffer.from(`{"value":[${'[],'.repeat(350_000)}[]]}`);
  const before = process.memoryUsage().heapUsed;
  assert.deepEqual(parseObject(text).names, ['value']);
  assert.ok(process.memoryUsage().heapUsed - before < 1_000_000);
});
