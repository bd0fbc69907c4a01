import assert from 'node:assert/strict';
import { test } from 'node:test';
import { disturbances, mergeLines } from '../../chaos/disturbances.ts';
import { deaths, pass, strikeAt } from '../../chaos/fate.ts';
import type { ApiRequest } from '../../chaos/request.ts';
import { describeDifference } from '../../chaos/trial.ts';

const request = (verb: ApiRequest['verb'], resource = 'pods', name = 'a'): ApiRequest => ({
  verb,
  resource,
  name,
  group: '',
  namespace: 'n',
});
const event = (type: string, uid: string, text = '') =>
  JSON.stringify({ type, object: { kind: 'Pod', metadata: { uid, name: text } } });
const create = (name: string) => {
  const found = disturbances.find((one) => one.name === name);
  assert.ok(found);
  return found.create();
};

test('a strike meets the n-th write, and counts neither reads nor events nor leases', () => {
  const { script, writes } = strikeAt(2, deaths.before);
  const fates = (['get', 'create', 'watch', 'patch', 'delete'] as const).map((verb) => script(request(verb)));
  assert.deepEqual(fates, [pass, pass, pass, deaths.before, pass]);
  for (const resource of ['events', 'leases']) assert.equal(script(request('create', resource)), pass);
  assert.equal(writes(), 3);
});

test('of a batch each object keeps its last event, in the order of those', () => {
  const lines = [event('ADDED', '1'), event('ADDED', '2'), event('MODIFIED', '1', 'new')];
  assert.deepEqual(mergeLines(lines), [lines[1], lines[2]]);
});

test('a write that is refused once passes the next time', () => {
  const { script } = create('conflict');
  const fates = [1, 2, 3].map(() => script?.(request('patch')).do);
  assert.deepEqual(fates, ['refuse', 'pass', 'refuse']);
  assert.equal(script?.(request('patch', 'pods', 'b')).do, 'refuse', 'another object has its own turn');
});

test('after a gap the watch of that resource finds its history gone, once', () => {
  const { script, streams } = create('gap');
  const ends = [1, 2, 3, 4, 5].map(
    (n) => streams?.onLine?.(request('watch'), event('MODIFIED', String(n))).end ?? false,
  );
  assert.deepEqual(ends, [false, false, false, false, true]);
  assert.equal(script?.(request('watch', 'secrets')).do, 'pass');
  assert.deepEqual(
    [1, 2].map(() => script?.(request('watch')).do),
    ['refuse', 'pass'],
  );
});

test('a replayed event is followed by what was before, and later by itself', () => {
  const { streams } = create('replayed');
  const [old, now] = [event('ADDED', '1'), event('MODIFIED', '1', 'new')];
  assert.deepEqual(streams?.onLine?.(request('watch'), old), { lines: [old] });
  assert.deepEqual(streams?.onLine?.(request('watch'), now), { lines: [now, old], later: { ms: 500, lines: [now] } });
});

test('a difference of two states is told by its lines', () => {
  assert.equal(describeDifference({ a: 1, b: 2 }, { a: 1, b: 3 }), '\n- "b": 2\n+ "b": 3');
});
