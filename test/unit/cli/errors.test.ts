import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { CliError, EXIT, EXIT_MEANINGS, explain } from '../../../cli/errors.ts';
import { KubeError } from '../../../kube/errors.ts';
import { CubbyError } from '../../../sdk/src/index.ts';

const errors = readFileSync(join(import.meta.dirname, '../../../docs/errors.md'), 'utf8');
const codes = [...errors.matchAll(/^\| \d+ \| `(\w+)` \|/gm)].map(([, code = '']) => code);

test('every exit code has a meaning, and only one', () => {
  assert.deepEqual(
    EXIT_MEANINGS.map(([exit]) => exit),
    Object.values(EXIT),
  );
});

test('every code of the API has an exit code; only a fault of the server is the unspecific one', () => {
  assert.ok(codes.length >= 15, `${codes.length} codes in docs/errors.md`);
  const unspecific = codes.filter((code) => {
    return (
      explain(new CubbyError({ code, detail: 'x', outcomeUnknown: code === 'outcome_unknown' })).exit === EXIT.error
    );
  });
  assert.deepEqual(unspecific.sort(), ['internal_error', 'method_not_allowed', 'unsupported_media_type']);
});

test('a write whose outcome is unknown is told apart, whatever the code', () => {
  for (const code of ['network_error', 'timeout', 'outcome_unknown']) {
    assert.equal(explain(new CubbyError({ code, detail: 'x', outcomeUnknown: true })).exit, EXIT.outcomeUnknown);
  }
});

test('an error of the API is shown with its code and request', () => {
  const error = new CubbyError({ code: 'not_found', detail: 'no such key', requestId: 'r1', status: 404 });
  assert.deepEqual(explain(error), { exit: 3, message: 'no such key (not_found, request r1)', remedy: undefined });
});

test('a refusal of the API server keeps its words and gets a remedy', () => {
  const failure = (status: number) => explain(new KubeError({ status, reason: 'X', message: 'its words' }));
  const exits = [0, 401, 403, 404, 409, 422, 429, 500].map((status) => failure(status).exit);
  assert.deepEqual(exits, [5, 4, 4, 3, 7, 2, 5, 5]);
  assert.match(failure(403).message, /its words/);
  assert.match(failure(403).remedy ?? '', /roles edit and view/);
});

test('what is our own finding is shown as it is', () => {
  assert.deepEqual(explain(new CliError(EXIT.usage, 'm', 'r')), { exit: 2, message: 'm', remedy: 'r' });
  assert.deepEqual(explain('text'), { exit: 1, message: 'text' });
});
