import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Reconcile, type Run, startController, TerminalError } from '../../../kube/controller.ts';
import { KubeError } from '../../../kube/errors.ts';
import { createQueue } from '../../../kube/queue.ts';
import { createFakeClock, settle } from './fake-clock.ts';

function setUp(reconcile: Reconcile, options: { concurrency?: number; timeoutMs?: number } = {}) {
  const clock = createFakeClock();
  const queue = createQueue({ clock, random: () => 1, backoff: { baseMs: 100, maxMs: 1000 } });
  const runs: Run[] = [];
  const controller = startController({ queue, reconcile, clock, onRun: (run) => runs.push(run), ...options });
  return { clock, queue, runs, controller };
}

const never = () => new Promise<never>(() => {});

test('works on no more keys at a time than its concurrency', async () => {
  const open: (() => void)[] = [];
  const { queue, controller } = setUp(() => new Promise((resolve) => open.push(() => resolve(undefined))), {
    concurrency: 2,
  });
  for (const key of ['a', 'b', 'c', 'd']) queue.add(key);
  assert.equal(open.length, 2);
  open[0]?.();
  await settle();
  assert.equal(open.length, 3);
  for (let i = 1; i < 4; i++) {
    open[i]?.();
    await settle();
  }
  assert.deepEqual(queue.counts(), { ready: 0, running: 0, delayed: 0 });
  await controller.stop();
});

test('a failed run is repeated with growing pauses, a successful one when it asked for it', async () => {
  let calls = 0;
  const { clock, queue, runs } = setUp(async () => {
    if (++calls < 3) throw new Error('not yet');
    return { requeueAfterMs: 5000 };
  });
  queue.add('a');
  await clock.advance(400);
  assert.deepEqual(
    runs.map(({ outcome, againInMs, failures }) => [outcome, againInMs, failures]),
    [
      ['failed', 100, 0],
      ['failed', 200, 1],
      ['done', 5000, 2],
    ],
  );
  await clock.advance(5000);
  assert.equal(calls, 4);
});

test('a terminal error waits for the next trigger', async () => {
  const { clock, queue, runs } = setUp(async () => {
    throw new TerminalError('never with this spec');
  });
  queue.add('a');
  await clock.advance(100_000);
  assert.equal(runs.length, 1);
  queue.add('a', 'edit');
  await clock.advance(0);
  assert.deepEqual(
    runs.map(({ outcome, failures }) => [outcome, failures]),
    [
      ['terminal', 0],
      ['terminal', 0],
    ],
  );
});

test('an overloaded server is given the time that it asks for', async () => {
  const { clock, queue, runs } = setUp(async () => {
    throw new KubeError({ status: 429, reason: 'TooManyRequests', message: 'later', retryAfterSeconds: 7 });
  });
  queue.add('a');
  await clock.advance(0);
  assert.equal(runs[0]?.againInMs, 7000);
});

test('a run beyond its time limit is aborted and counts as failed', async () => {
  const { clock, queue, runs } = setUp(
    (_, signal) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    { timeoutMs: 1000 },
  );
  queue.add('a');
  await clock.advance(999);
  assert.equal(runs.length, 0);
  await clock.advance(1);
  assert.equal(runs[0]?.outcome, 'timeout');
});

test('a run that ignores its signal keeps its key but not its worker', async () => {
  const started: string[] = [];
  const { clock, queue } = setUp(
    (key) => {
      started.push(key);
      return key === 'hung' ? never() : Promise.resolve(undefined);
    },
    { concurrency: 1, timeoutMs: 1000 },
  );
  queue.add('hung');
  queue.add('other');
  await clock.advance(5000);
  assert.deepEqual(started, ['hung']);
  await clock.advance(1000);
  assert.deepEqual(started, ['hung', 'other']);
  queue.add('hung');
  await clock.advance(60_000);
  assert.deepEqual(started, ['hung', 'other']);
});

test('stopping lets what runs finish and starts nothing more', async () => {
  let finish = () => {};
  const started: string[] = [];
  const { queue, controller, runs } = setUp(
    (key) => {
      started.push(key);
      return new Promise((resolve) => {
        finish = () => resolve(undefined);
      });
    },
    { concurrency: 1 },
  );
  queue.add('a');
  queue.add('b');
  const stopped = controller.stop();
  finish();
  await stopped;
  assert.deepEqual(started, ['a']);
  assert.equal(runs[0]?.outcome, 'done');
});

test('stopping aborts what does not finish in time, and returns even when that is ignored', async () => {
  let signal: AbortSignal | undefined;
  const { clock, queue, controller } = setUp((_, given) => {
    signal = given;
    return never();
  });
  queue.add('a');
  let stopped = false;
  void controller.stop(3000).then(() => {
    stopped = true;
  });
  await clock.advance(2999);
  assert.equal(signal?.aborted, false);
  await clock.advance(1);
  assert.equal(signal?.aborted, true);
  await clock.advance(5000);
  assert.equal(stopped, true);
});
