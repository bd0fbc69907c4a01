import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ListOptions, ObjectList } from '../../../kube/client.ts';
import { KubeError } from '../../../kube/errors.ts';
import { type ReflectorOptions, startReflector } from '../../../kube/reflector.ts';
import { configMaps } from '../../../kube/resources.ts';
import { configMap, createFakeApi } from './fake-api.ts';
import { createFakeClock } from './fake-clock.ts';

const gone = new KubeError({ status: 410, reason: 'Expired', message: 'too old resource version' });
const down = new KubeError({ status: 0, reason: 'Unreachable', message: 'connection refused' });

function setUp(onList: (options: ListOptions) => ObjectList | Error, extra: Partial<ReflectorOptions> = {}) {
  const clock = createFakeClock();
  const api = createFakeApi(onList);
  const seen: string[] = [];
  const errors: [unknown, number][] = [];
  const reflector = startReflector({
    client: api.client,
    resource: configMaps,
    clock,
    random: () => 1,
    backoff: { baseMs: 100, maxMs: 1000 },
    onUpsert: (object, old) => seen.push(`${old ? 'changed' : 'new'} ${object.metadata.name}`),
    onDelete: (object) => seen.push(`gone ${object.metadata.name}`),
    onError: (error, pause) => errors.push([error, pause]),
    ...extra,
  });
  return { clock, ...api, reflector, seen, errors };
}

const listOf = (resourceVersion: string, ...names: string[]): ObjectList => ({
  resourceVersion,
  items: names.map((name) => configMap(name, resourceVersion)),
});

test('lists, then watches from there with bookmarks and a server time limit, and reports what changes', async () => {
  const { clock, watches, reflector, seen } = setUp(() => listOf('10', 'a', 'b'), { labelSelector: 'app=x' });
  await clock.advance(0);
  await reflector.synced;
  const { resourceVersion, timeoutSeconds, labelSelector } = watches[0]?.options ?? {};
  assert.deepEqual([resourceVersion, timeoutSeconds, labelSelector], ['10', 60, 'app=x']);
  watches[0]?.send('MODIFIED', 'a', '11');
  watches[0]?.send('DELETED', 'b', '12');
  watches[0]?.send('ADDED', 'c', '13');
  await clock.advance(0);
  assert.deepEqual(seen, ['new a', 'new b', 'changed a', 'gone b', 'new c']);
  assert.deepEqual(
    reflector.cache.list('ns').map(({ metadata }) => metadata.name),
    ['a', 'c'],
  );
});

test('keeps no managedFields, from lists or from watches', async () => {
  const { clock, watches, reflector } = setUp(() => listOf('10', 'a'));
  await clock.advance(0);
  watches[0]?.send('ADDED', 'b', '11');
  await clock.advance(0);
  for (const object of reflector.cache.list()) assert.ok(!('managedFields' in object.metadata));
});

test('goes on from the last bookmark when the server ends the watch, without a list', async () => {
  const { clock, watches, lists, errors } = setUp(() => listOf('10'));
  await clock.advance(0);
  watches[0]?.send('BOOKMARK', '', '42');
  watches[0]?.end();
  await clock.advance(0);
  assert.equal(watches[1]?.options.resourceVersion, '42');
  assert.deepEqual([lists.length, errors.length], [1, 0]);
});

test('goes on from the last event when the connection breaks, after a pause', async () => {
  const { clock, watches, lists, errors } = setUp(() => listOf('10'));
  await clock.advance(0);
  watches[0]?.send('ADDED', 'a', '11');
  watches[0]?.fail(down);
  await clock.advance(99);
  assert.equal(watches.length, 1);
  await clock.advance(1);
  assert.equal(watches[1]?.options.resourceVersion, '11');
  assert.equal(lists.length, 1);
  assert.deepEqual(errors, [[down, 100]]);
});

test('lists anew when its version is gone, and reports what happened meanwhile', async () => {
  let answer = listOf('10', 'a', 'b');
  const { clock, watches, seen, reflector } = setUp(() => answer);
  await clock.advance(0);
  answer = { resourceVersion: '50', items: [configMap('a', '10'), configMap('c', '40')] };
  seen.length = 0;
  watches[0]?.fail(gone);
  await clock.advance(100);
  assert.deepEqual(seen, ['gone b', 'new c']);
  assert.equal(reflector.cache.size, 2);
  assert.equal(watches[1]?.options.resourceVersion, '50');
});

test('an object that was made again under its name is reported as deleted and new', async () => {
  const { clock, watches, seen } = setUp(() => listOf('10', 'a'));
  await clock.advance(0);
  watches[0]?.send('MODIFIED', 'a', '11', 'another-uid');
  await clock.advance(0);
  assert.deepEqual(seen, ['new a', 'gone a', 'new a']);
});

test('reads every page, and everything at once when the pages outlive their snapshot', async () => {
  const { clock, lists, reflector } = setUp((options) => {
    if (options.continue) return gone;
    return options.limit ? { ...listOf('10', 'a'), continue: 'next' } : listOf('11', 'a', 'b', 'c');
  });
  await clock.advance(0);
  assert.deepEqual(
    lists.map(({ limit, continue: next }) => [limit, next]),
    [
      [500, undefined],
      [500, 'next'],
      [undefined, undefined],
    ],
  );
  assert.equal(reflector.cache.size, 3);
});

test('keeps the last good state while the server is away, with growing pauses, and then catches up', async () => {
  let answer: ObjectList | Error = listOf('10', 'a');
  const { clock, watches, reflector, errors } = setUp(() => answer);
  await clock.advance(0);
  answer = down;
  watches[0]?.fail(gone);
  await clock.advance(5000);
  assert.equal(reflector.cache.size, 1);
  assert.deepEqual(
    errors.slice(0, 6).map(([, pause]) => pause),
    [100, 200, 400, 800, 1000, 1000],
  );
  assert.equal(reflector.health().silentMs, 5000);
  answer = listOf('20', 'a', 'b');
  await clock.advance(1000);
  assert.equal(reflector.cache.size, 2);
  assert.ok(reflector.health().silentMs < 1000);
});

test('waits as long as an overloaded server asks for', async () => {
  const busy = new KubeError({ status: 429, reason: 'TooManyRequests', message: 'later', retryAfterSeconds: 9 });
  const { errors, clock } = setUp(() => busy);
  await clock.advance(0);
  assert.equal(errors[0]?.[1], 9000);
});

test('a watch that stays silent past its end is given up, and followed by a list', async () => {
  const { clock, watches, lists } = setUp(() => listOf('10', 'a'));
  await clock.advance(64_999);
  assert.equal(watches[0]?.options.signal.aborted, false);
  await clock.advance(101);
  assert.equal(watches[0]?.options.signal.aborted, true);
  assert.deepEqual([lists.length, watches.length], [2, 2]);
});

test('a watch that spoke and then fell silent is given up, and resumed where it was', async () => {
  const { clock, watches, lists } = setUp(() => listOf('10', 'a'));
  await clock.advance(0);
  watches[0]?.send('BOOKMARK', '', '15');
  await clock.advance(65_100);
  assert.equal(watches[1]?.options.resourceVersion, '15');
  assert.equal(lists.length, 1);
});

test('a server that ends every watch at once is not stormed', async () => {
  const { clock, watches } = setUp(() => listOf('10'));
  for (let elapsed = 0; elapsed < 10_000; elapsed += 50) {
    watches.at(-1)?.end();
    await clock.advance(50);
  }
  assert.ok(watches.length > 3 && watches.length <= 16, `${watches.length} watches in 10 s`);
});

test('after several failures in a row it lists, since a restored server may not know the version', async () => {
  const { clock, watches, lists } = setUp(() => listOf('10'));
  await clock.advance(0);
  for (let failure = 0; failure < 5; failure++) {
    watches.at(-1)?.fail(down);
    await clock.advance(1000);
  }
  assert.equal(lists.length, 2);
});

test('stopping during a pause opens nothing and leaves no timer', async () => {
  const { clock, watches, lists, reflector } = setUp(() => listOf('10'));
  await clock.advance(0);
  watches[0]?.fail(down);
  await clock.advance(50);
  await reflector.stop();
  await clock.advance(100_000);
  assert.deepEqual([lists.length, watches.length, clock.pending()], [1, 1, 0]);
});

test('stopping during a watch closes it, and no handler runs afterwards', async () => {
  const { clock, watches, reflector, seen } = setUp(() => listOf('10'));
  await clock.advance(0);
  watches[0]?.send('ADDED', 'late', '11');
  await reflector.stop();
  await clock.advance(100_000);
  assert.equal(watches[0]?.options.signal.aborted, true);
  assert.deepEqual([seen, watches.length, clock.pending()], [[], 1, 0]);
});

test('stopped before the first list, synced rejects', async () => {
  const { clock, reflector } = setUp(() => down);
  await clock.advance(0);
  await reflector.stop();
  await assert.rejects(reflector.synced, /stopped before it had a list/);
});

test('a handler that throws is reported and ends nothing', async () => {
  const { clock, watches, reflector, errors } = setUp(() => listOf('10'), {
    onUpsert: () => {
      throw new Error('a bug');
    },
  });
  await clock.advance(0);
  watches[0]?.send('ADDED', 'a', '11');
  await clock.advance(100);
  assert.match(String(errors[0]?.[0]), /a bug/);
  watches[1]?.send('DELETED', 'b', '12');
  await clock.advance(0);
  assert.equal(watches.length, 2);
  assert.equal(reflector.health().synced, true);
});
