import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ApiError } from '../../../dataplane/pipeline/errors.ts';
import { presentResults } from '../../../dataplane/routes/present-batch.ts';
import { type BatchOp, type BatchOutcome, StoreError } from '../../../dataplane/store/port.ts';

const present = (results: [BatchOp, BatchOutcome | ApiError][]) =>
  presentResults(
    results.map(([op]) => op),
    results.map(([, outcome]) => outcome),
  ).toString();

test('the answer is JSON with each value as it is stored, whatever keys and values are', () => {
  const value = fc.oneof(
    fc.json().map((text) => text),
    fc.nat(1000).map((length) => JSON.stringify('é'.repeat(length))),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.string({ unit: 'binary' }), fc.option(value)), { maxLength: 20 }), (entries) => {
      const text = present(
        entries.map(([key, stored]) => [
          { op: 'get', key },
          { value: stored === null ? null : Buffer.from(stored), found: stored !== null },
        ]),
      );
      const expected = entries.map(([key, stored]) =>
        stored === null ? { key, value: null, status: 'not_found' } : { key, value: JSON.parse(stored), status: 'ok' },
      );
      assert.deepEqual(JSON.parse(text), { results: expected });
      for (const [, stored] of entries) if (stored !== null) assert.ok(text.includes(`"value":${stored},`));
    }),
  );
});

test('an error is told by its code and message, and what nobody foresaw by neither', () => {
  const text = present([
    [
      { op: 'delete', key: 'a' },
      { value: null, found: true },
    ],
    [{ op: 'set', key: 'b', value: Buffer.from('1') }, new StoreError('full', 'no "room"')],
    [{ op: 'get', key: 'c' }, new ApiError('store_unavailable', 'busy')],
    [{ op: 'get', key: 'd' }, new TypeError('secret') as never],
  ]);
  const { results } = JSON.parse(text);
  assert.deepEqual(results.slice(0, 3), [
    { key: 'a', value: null, status: 'ok' },
    { key: 'b', value: null, status: 'error', code: 'store_full', message: 'no "room"' },
    { key: 'c', value: null, status: 'error', code: 'store_unavailable', message: 'busy' },
  ]);
  assert.equal(results[3].code, 'internal_error');
  assert.ok(!text.includes('secret'));
});

test('no results are an empty list', () => {
  assert.equal(present([]), '{"results":[]}');
});
