import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseExactly, toYaml } from '../../../../cli/output/json.ts';

test('numbers that JavaScript cannot hold come out as they were written', () => {
  const text = '{"a":9007199254740993,"b":[1.0,1e400,-0,0.1,1E2],"c":"9007199254740993"}';
  assert.equal(JSON.stringify(parseExactly(text)), text);
});

test('any JSON parses to what JSON.parse makes of it', () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      assert.deepEqual(JSON.parse(JSON.stringify(parseExactly(text))), JSON.parse(text));
    }),
  );
});

test('a member called __proto__ is a member', () => {
  assert.equal(JSON.stringify(parseExactly('{"__proto__":{"a":1}}')), '{"__proto__":{"a":1}}');
});

test('YAML has integers of any size, and the text of what is no number there', () => {
  assert.equal(
    toYaml(parseExactly('{"a":9007199254740993,"b":1e400,"c":1.50}')),
    'a: 9007199254740993\nb: "1e400"\nc: 1.5\n',
  );
});
