import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explain } from '../../../dashboard/src/api/problem.ts';
import { ERRORS } from '../../../dataplane/pipeline/errors.ts';
import { CubbyError } from '../../../sdk/src/index.ts';

test('every code of the API has words of its own', () => {
  for (const code of Object.keys(ERRORS)) {
    const { title } = explain(new CubbyError({ code, detail: 'why', status: 400 }));
    if (['method_not_allowed', 'unsupported_media_type'].includes(code)) continue;
    assert.notEqual(title, 'The call failed', code);
  }
});

test('an error says what to do, has its request id, and is tried again only where that may help', () => {
  const limited = explain(
    new CubbyError({ code: 'rate_limited', detail: 'too many', status: 429, requestId: 'r-1', retryAfterMs: 7000 }),
  );
  assert.equal(limited.retryAfterMs, 7000);
  assert.equal(limited.requestId, 'r-1');
  assert.equal(limited.detail, 'Too many.');
  const spent = explain(new CubbyError({ code: 'insufficient_tokens', detail: 'spent', status: 402, retryAfterMs: 9 }));
  assert.equal(spent.retryAfterMs, undefined);
  assert.match(spent.remedy, /tokensPerMonth/);
});

test('a write that may have been applied says that first, whatever lost its answer', () => {
  const lost = explain(new CubbyError({ code: 'network_error', detail: 'reset', outcomeUnknown: true }));
  assert.match(lost.title, /not known/);
  assert.match(lost.remedy, /Look at the key/);
  assert.equal(lost.retryAfterMs, undefined);
});
