import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { checkJson } from '../../../dashboard/src/json/check.ts';

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

describe('whether a text is JSON', () => {
  test('is found as JSON.parse finds it, for any JSON', () => {
    fc.assert(fc.property(fc.json(), (text) => assert.equal(checkJson(text), undefined, text)));
  });

  test('is found as JSON.parse finds it, for JSON with a part changed', () => {
    const damage = fc.tuple(
      fc.json(),
      fc.nat(),
      fc.nat(3),
      fc.constantFrom('', '"', ',', '{', ']', '\\', '0', 'e', '\n', ' '),
    );
    fc.assert(
      fc.property(damage, ([json, place, gone, put]) => {
        const at = place % (json.length + 1);
        const text = json.slice(0, at) + put + json.slice(at + gone);
        assert.equal(checkJson(text) === undefined, parses(text), text);
      }),
      { numRuns: 5000 },
    );
  });

  test('is found for a string of the largest value in no time', () => {
    const started = performance.now();
    assert.equal(checkJson(`"${'ä'.repeat(130_000)}"`), undefined);
    assert.ok(performance.now() - started < 100);
  });
});

describe('a fault of a JSON text', () => {
  const faults: [text: string, line: number, column: number, message: RegExp][] = [
    ['', 1, 1, /missing/],
    ['{"a": 1,\n "b": tru}', 2, 7, /double quotes/],
    ['{"a": 1,}', 1, 9, /comma stands before }/],
    ['[1, 2,]', 1, 7, /comma stands before \]/],
    ["{'a': 1}", 1, 2, /Names stand in double quotes/],
    ['{a: 1}', 1, 2, /Names stand in double quotes/],
    ['{"a" 1}', 1, 6, /colon is expected/],
    ['{"a": 1\n"b": 2}', 2, 1, /comma or } is expected/],
    ['[1 2]', 1, 4, /comma or \] is expected, not 2/],
    ['{"a": "b', 1, 7, /no closing quote/],
    ['"a\nb"', 1, 3, /line break/],
    ['"a\\x"', 1, 3, /After \\/],
    ['01', 1, 2, /ends before 1/],
    ['{} {}', 1, 4, /ends before {/],
    ['"\ud83d\ude00" x', 1, 6, /ends before x/],
    [`${'['.repeat(514)}${']'.repeat(514)}`, 1, 514, /512 levels/],
  ];
  for (const [text, line, column, message] of faults) {
    test(`of ${JSON.stringify(text.slice(0, 24))} is shown in line ${line}, column ${column}`, () => {
      const found = checkJson(text);
      assert.ok(found);
      assert.deepEqual({ line: found.line, column: found.column }, { line, column });
      assert.match(found.message, message);
    });
  }
});
