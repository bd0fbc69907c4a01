import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connectFailureCode, failureOf, replyCode } from '../../../dataplane/store/redis-errors.ts';
import { ProtocolError } from '../../../dataplane/store/resp/decode.ts';
import { LostError, ReplyError, UnsentError } from '../../../dataplane/store/resp/reply.ts';

const reply = (message: string) => new ReplyError(message);

test('an error reply is sorted by its first word', () => {
  const expected = {
    'OOM command not allowed when used memory > maxmemory': 'full',
    'LOADING Redis is loading the dataset in memory': 'refused',
    'READONLY You can’t write against a read only replica.': 'demoted',
    'NOREPLICAS Not enough good replicas to write.': 'lone',
    'MISCONF Errors writing to the AOF file': 'read-only',
    'NOPERM this user has no permissions': 'denied',
    'NOAUTH Authentication required.': 'denied',
    'WRONGTYPE Operation against a key holding the wrong kind of value': 'wrong-type',
    'TOOLARGE the value is longer than any of the API': 'too-large',
    'ERR syntax error': 'other',
    'constructor of nothing': 'other',
  };
  for (const [message, failure] of Object.entries(expected)) assert.equal(failureOf(reply(message)), failure, message);
});

test('what is no reply was lost or never sent, or it makes no sense', () => {
  assert.equal(failureOf(new LostError('x')), 'lost');
  assert.equal(failureOf(new UnsentError('x')), 'unsent');
  assert.equal(failureOf(new TypeError('OOM')), 'other');
});

test('of a reply only a known word gets into logs and metrics, whatever the Redis says', () => {
  assert.equal(replyCode(reply('WRONGTYPE secret')), 'WRONGTYPE');
  for (const message of ['SECRETKEY is bad', 'secret', '', 'ERR secret', 'OOMX'])
    assert.equal(replyCode(reply(message)), 'ERR');
  assert.equal(replyCode(new Error('OOM')), undefined);
});

test('a failed connection is told by the code of Redis or of the system', () => {
  assert.equal(connectFailureCode(reply('WRONGPASS invalid username-password pair')), 'WRONGPASS');
  assert.equal(connectFailureCode(Object.assign(new Error('x'), { code: 'ECONNREFUSED' })), 'ECONNREFUSED');
  const late = Object.assign(new Error('late'), { code: 'ETIMEDOUT' });
  assert.equal(connectFailureCode(new LostError('x', { cause: late })), 'ETIMEDOUT');
  assert.equal(connectFailureCode(new LostError('x', { cause: new ProtocolError('x') })), 'EPROTO');
  assert.equal(connectFailureCode(new Error('the connection was closed')), 'closed');
});
