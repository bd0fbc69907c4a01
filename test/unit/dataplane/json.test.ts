import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseObject } from '../../../dataplane/json/object.ts';
import { JsonError } from '../../../dataplane/json/scan.ts';

const parse = (text: string | Buffer) => parseObject(Buffer.from(text as string));
const refuses = (text: string | Buffer, message: RegExp) =>
  assert.throws(
    () => parse(text),
    (error: unknown) => error instanceof JsonError && message.test(error.message),
  );

/** JSON text of any value, with space wherever JSON allows it. */
const space = fc.constantFrom('', '', '', ' ', '\n', '\t\r\n ');
const scalar = fc.oneof(
  fc.constantFrom('true', 'false', 'null', '9007199254740993', '-0', '1e400', '1E-7', '0.10', '-12.50e+3'),
  fc.string({ unit: 'binary' }).map((text) => JSON.stringify(text)),
  fc.constantFrom('"\\u0041\\/\\b"', '"}"', '"\\"]"', '"\\\\"', '"\\ud800"', '""'),
);
const { text: anyJson } = fc.letrec<{ text: string }>((tie) => ({
  text: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    scalar,
    fc
      .tuple(space, fc.array(tie('text'), { maxLength: 4 }))
      .map(([gap, items]) => `[${gap}${items.join(`${gap},${gap}`)}${gap}]`),
    fc
      .tuple(space, fc.array(fc.tuple(fc.string(), tie('text')), { maxLength: 4 }))
      .map(
        ([gap, members]) =>
          `{${gap}${members.map(([name, value]) => `${JSON.stringify(name)}${gap}:${gap}${value}`).join(`,${gap}`)}${gap}}`,
      ),
  ),
}));

test('each member of any object is found with exactly the text it was written in', () => {
  const member = fc.tuple(fc.string({ unit: 'binary' }), anyJson);
  const members = fc.uniqueArray(member, { selector: ([name]) => name, maxLength: 6 });
  fc.assert(
    fc.property(members, space, space, space, space, (list, a, b, c, d) => {
      const wellFormed = list.filter(([name]) => name.isWellFormed());
      const text = `${a}{${b}${wellFormed.map(([name, value]) => `${JSON.stringify(name)}${c}:${d}${value}${b}`).join(`,${a}`)}}${d}`;
      const object = parse(text);
      assert.deepEqual(
        object.names,
        wellFormed.map(([name]) => name),
      );
      for (const [name, value] of wellFormed) assert.equal(String(object.text(name)), Buffer.from(value).toString());
    }),
    { numRuns: 1000 },
  );
});

test('any text is accepted exactly where JSON.parse gives an object without repeated names', () => {
  const noise = fc.array(
    fc.constantFrom('{', '}', '[', ']', ':', ',', '"a"', '"b"', '"\\', '"', '1', '-', 'tru', 'true', ' ', '\\'),
    { maxLength: 12 },
  );
  fc.assert(
    fc.property(
      fc.oneof(
        noise.map((parts) => `{${parts.join('')}`),
        fc.string(),
        anyJson,
      ),
      (text) => {
        let expected: unknown;
        try {
          expected = JSON.parse(text);
        } catch {
          expected = undefined;
        }
        const isObject = typeof expected === 'object' && expected !== null && !Array.isArray(expected);
        try {
          const object = parse(text);
          assert.ok(isObject);
          assert.deepEqual(new Set(object.names), new Set(Object.keys(expected as object)));
          for (const name of object.names) assert.deepEqual(JSON.parse(String(object.text(name))), object.value(name));
        } catch (error) {
          if (!(error instanceof JsonError)) throw error;
          if (isObject) assert.match(error.message, /occurs twice/);
        }
      },
    ),
    { numRuns: 5000 },
  );
});

test('no bytes whatever make it throw anything but a JsonError', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      try {
        parse(Buffer.from(bytes));
      } catch (error) {
        assert.ok(error instanceof JsonError);
      }
    }),
    { numRuns: 2000 },
  );
});

test('the same name twice is refused, also where it is written differently', () => {
  refuses('{"value":1,"value":2}', /"value" occurs twice/);
  refuses('{"value":1,"\\u0076alue":2}', /"value" occurs twice/);
  assert.deepEqual(parse('{"a":{"x":1,"x":2}}').names, ['a'], 'inside a value it is the value’s own business');
});

test('a value may nest 512 levels deep and no deeper', () => {
  const nested = (depth: number) => `{"value":${'['.repeat(depth)}${']'.repeat(depth)}}`;
  assert.equal(parse(nested(512)).text('value')?.length, 1024);
  refuses(nested(513), /at most 512 levels/);
  refuses(`{"value":${'{"a":'.repeat(513)}1${'}'.repeat(513)}}`, /at most 512 levels/);
});

test('a hundred thousand levels are refused without exhausting the stack', () => {
  refuses(`{"value":${'['.repeat(100_000)}${']'.repeat(100_000)}}`, /at most 512 levels/);
  refuses('['.repeat(100_000), /at most 512 levels/);
});

test('bytes that are not UTF-8 are refused', () => {
  for (const bytes of [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xe2, 0x82], [0xf5, 0x80, 0x80, 0x80]]) {
    refuses(Buffer.concat([Buffer.from('{"value":"'), Buffer.from(bytes), Buffer.from('"}')]), /UTF-8/);
  }
});

test('a byte order mark, a second document and what is no object are refused', () => {
  refuses('\ufeff{"value":1}', /not valid JSON/);
  refuses('{"value":1}{}', /not valid JSON/);
  for (const text of ['[]', 'null', '1', '"x"']) refuses(text, /must be a JSON object/);
});

test('__proto__ is a member like any other and changes no prototype', () => {
  const object = parse('{"__proto__":{"polluted":true},"constructor":1}');
  assert.deepEqual(object.names, ['__proto__', 'constructor']);
  assert.equal(({} as { polluted?: boolean }).polluted, undefined);
  assert.deepEqual(object.value('__proto__'), { polluted: true });
  assert.equal(object.value('toString'), undefined);
});
