import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countSessions, failureOutcome } from '../../../../operator/redis/outcome.ts';
import { RedisRefusal, type RedisSession } from '../../../../operator/redis/session.ts';

test('a failure is named by its code, and whatever a Redis of a tenant says otherwise is not repeated', () => {
  assert.equal(failureOutcome(Object.assign(new Error('no'), { code: 'ECONNREFUSED' })), 'ECONNREFUSED');
  assert.equal(failureOutcome(new RedisRefusal('WRONGPASS invalid username-password pair')), 'WRONGPASS');
  for (const error of [new RedisRefusal('SHOP is mine'), new RedisRefusal(''), new Error('ETIMEDOUT'), undefined])
    assert.equal(failureOutcome(error), 'other');
});

test('every attempt is counted once, and ends as it would have', async () => {
  const counted: string[] = [];
  const address = { host: '127.0.0.1', port: 6379, password: '' };
  const session = {} as RedisSession;
  const count = (outcome: string) => counted.push(outcome);
  assert.equal(await countSessions(async () => session, count)(address), session);
  const failure = new RedisRefusal('NOPERM no');
  await assert.rejects(countSessions(() => Promise.reject(failure), count)(address), failure);
  assert.deepEqual(counted, ['ok', 'NOPERM']);
});
