import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KubeError } from '../../../kube/errors.ts';
import { awaitMasterKey } from '../../../operator/master-key.ts';

const location = { namespace: 'cubby-system', name: 'cubby-master-key', key: 'master-key' };
const backoff = { baseMs: 1, maxMs: 1 };
const key = Buffer.alloc(32, 7);
const secret = { data: { 'master-key': Buffer.from(key.toString('base64')).toString('base64') } };

/** A client whose reads give one answer after another, and which never creates. */
function client(...answers: (Error | typeof secret)[]): Parameters<typeof awaitMasterKey>[0] {
  const get = async () => {
    const answer = answers.shift();
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return { get, create: () => assert.fail('created') } as unknown as Parameters<typeof awaitMasterKey>[0];
}

test('an operator that starts while the API server is away waits for it', async () => {
  const away = () => new KubeError({ status: 0, reason: 'Unreachable', message: 'away' });
  const told: unknown[] = [];
  const found = await awaitMasterKey(client(away(), away(), secret), location, (error) => told.push(error), backoff);
  assert.deepEqual(found, { current: key });
  assert.equal(told.length, 2);
});

test('an operator that starts with a previous key that cannot be used waits until somebody has put it right', async () => {
  const broken = { data: { ...secret.data, 'previous-master-key': Buffer.from('c2hvcnQ=').toString('base64') } };
  const told: string[] = [];
  const onError = (error: unknown) => told.push((error as Error).message);
  assert.deepEqual(await awaitMasterKey(client(broken, secret), location, onError, backoff), { current: key });
  assert.equal(told.length, 1);
  assert.match(
    told[0] ?? '',
    /previous master key.*put it right in the Secret cubby-system\/cubby-master-key, or remove/,
  );
  assert.doesNotMatch(told[0] ?? '', /c2hvcnQ/);
});

test('what waiting does not mend ends it', async () => {
  const forbidden = new KubeError({ status: 403, reason: 'Forbidden', message: 'no' });
  const onError = () => assert.fail('tried again');
  await assert.rejects(awaitMasterKey(client(forbidden), location, onError, backoff), forbidden);
  const short = { data: { 'master-key': Buffer.from('c2hvcnQ=').toString('base64') } };
  await assert.rejects(awaitMasterKey(client(short), location, onError, backoff), /openssl rand -base64 32/);
});
