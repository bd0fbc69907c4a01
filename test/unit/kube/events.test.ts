import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KubeError } from '../../../kube/errors.ts';
import { createEventRecorder } from '../../../kube/events.ts';
import type { ApiObject, KubeObject } from '../../../kube/object.ts';
import { createFakeClock, settle } from './fake-clock.ts';

const about: KubeObject = { apiVersion: 'x/v1', kind: 'Thing', metadata: { name: 't', namespace: 'ns', uid: 'u' } };

function setUp(answer: () => unknown = () => undefined) {
  const clock = createFakeClock();
  const created: Record<string, unknown>[] = [];
  const patched: Record<string, unknown>[] = [];
  const errors: unknown[] = [];
  const respond = async () => {
    await settle();
    const error = answer();
    if (error) throw error;
    return {} as never;
  };
  const client = {
    create(_: unknown, object: ApiObject) {
      created.push(object as KubeObject);
      return respond();
    },
    patch(_: unknown, __: unknown, body: unknown) {
      patched.push(body as Record<string, unknown>);
      return respond();
    },
  };
  const recorder = createEventRecorder({ client, component: 'tester', clock, onError: (error) => errors.push(error) });
  return { clock, created, patched, errors, recorder };
}

test('an event names its object, its reason and who tells it', async () => {
  const { created, recorder } = setUp();
  recorder.record(about, 'Warning', 'Broken', 'it broke');
  await recorder.flush();
  const [event] = created;
  assert.deepEqual(
    [event?.type, event?.reason, event?.message, event?.count, event?.reportingComponent],
    ['Warning', 'Broken', 'it broke', 1, 'tester'],
  );
  assert.partialDeepStrictEqual(event, { metadata: { namespace: 'ns' }, involvedObject: { kind: 'Thing', uid: 'u' } });
});

test('the same again raises the count; another message is another event', async () => {
  const { created, patched, recorder } = setUp();
  for (let i = 0; i < 3; i++) {
    recorder.record(about, 'Normal', 'Done', 'it is done');
    await recorder.flush();
  }
  recorder.record(about, 'Normal', 'Done', 'it is done otherwise');
  await recorder.flush();
  assert.equal(created.length, 2);
  assert.deepEqual(
    patched.map(({ count }) => count),
    [2, 3],
  );
});

test('what is told again while its event is on the way is counted with one write', async () => {
  const { created, patched, recorder } = setUp();
  for (let i = 0; i < 10; i++) recorder.record(about, 'Normal', 'Done', 'it is done');
  await recorder.flush();
  assert.ok(created.length === 1 && patched.length <= 1);
  assert.equal((patched.at(-1) ?? created.at(-1))?.count, 10);
});

test('after ten quiet minutes the same is a new event', async () => {
  const { clock, created, recorder } = setUp();
  recorder.record(about, 'Normal', 'Done', 'it is done');
  await recorder.flush();
  await clock.advance(600_000);
  recorder.record(about, 'Normal', 'Done', 'it is done');
  await recorder.flush();
  assert.equal(created.length, 2);
  assert.notDeepEqual(created[0]?.metadata, created[1]?.metadata);
});

test('an event that the server forgot is made again', async () => {
  const gone = new KubeError({ status: 404, reason: 'NotFound', message: 'gone' });
  const answers = [undefined, gone, undefined];
  const { created, recorder } = setUp(() => answers.shift());
  for (let i = 0; i < 3; i++) {
    recorder.record(about, 'Normal', 'Done', 'it is done');
    await recorder.flush();
  }
  assert.deepEqual(
    created.map(({ count }) => count),
    [1, 3],
  );
});

test('a flood about one object is bounded, one about another object is not held up by it', async () => {
  const { clock, created, recorder } = setUp();
  for (let i = 0; i < 1000; i++) recorder.record(about, 'Warning', 'Flood', `number ${i}`);
  recorder.record({ ...about, metadata: { name: 'other', namespace: 'ns' } }, 'Normal', 'Calm', 'still here');
  await recorder.flush();
  assert.equal(created.length, 26);
  await clock.advance(180_000);
  for (let i = 0; i < 1000; i++) recorder.record(about, 'Warning', 'Flood', `again ${i}`);
  await recorder.flush();
  assert.equal(created.length, 29);
});

test('a server that refuses or is away never reaches the caller', async () => {
  const refused = new KubeError({ status: 403, reason: 'Forbidden', message: 'no' });
  const { errors, recorder } = setUp(() => refused);
  recorder.record(about, 'Normal', 'Done', 'it is done');
  await recorder.flush();
  assert.deepEqual(errors, [refused]);
});

test('a namespace that is being deleted takes no event, which is nothing to report', async () => {
  const message =
    'events "t" is forbidden: unable to create new content in namespace ns because it is being terminated';
  const { errors, recorder } = setUp(() => new KubeError({ status: 403, reason: 'Forbidden', message }));
  recorder.record(about, 'Normal', 'Done', 'it is done');
  await recorder.flush();
  assert.deepEqual(errors, []);
});

test('a message is cut to what the API takes', async () => {
  const { created, recorder } = setUp();
  recorder.record(about, 'Normal', 'Long', 'x'.repeat(5000));
  await recorder.flush();
  assert.equal(String(created[0]?.message).length, 1024);
});
