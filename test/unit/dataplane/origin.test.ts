import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSameProcess, originOf, stampOf } from '../../../dataplane/store/origin.ts';
import { SCAN_POSITION } from '../../../dataplane/store/port.ts';

const up = (since: number, host = 'main-redis.shop.svc') => Object.assign(originOf(host, 6379), { since });
const NOON = Date.UTC(2026, 0, 1, 12);

test('who answers over the same connection is the same process, whatever the clocks say', () => {
  const origin = up(NOON);
  for (const at of [NOON - 3_600_000, NOON, NOON + 3_600_000]) {
    assert.ok(isSameProcess(stampOf(origin, at), { ...origin }));
  }
});

test('another connection leads to the same process where it was up before', () => {
  const stamp = stampOf(up(NOON), NOON + 10_000);
  assert.ok(isSameProcess(stamp, up(NOON + 9_000)));
  assert.ok(!isSameProcess(stamp, up(NOON + 11_000)), 'it may have been restarted');
  assert.ok(!isSameProcess(stamp, originOf('main-redis.shop.svc', 6379)), 'it is not up');
});

test('data planes whose clocks differ come to agree on a process, whoever is asked next', () => {
  for (const ahead of [0, 3_600_000, -3_600_000]) {
    const [a, b] = [up(NOON), up(NOON + 500 + ahead)];
    let stamp = stampOf(a, NOON + 1000);
    let anew = 0;
    for (let page = 1; page < 20; page++) {
      const [origin, now] = page % 2 === 0 ? [a, NOON + 1000 * page] : [b, NOON + 1000 * page + ahead];
      const isSame = isSameProcess(stamp, origin);
      if (!isSame) anew++;
      stamp = stampOf(origin, now, isSame ? stamp : undefined);
    }
    assert.ok(anew <= 2, `${ahead} ms ahead: ${anew} times anew`);
  }
});

test('another member is another process', () => {
  const stamp = stampOf(up(NOON, 'main-redis-0.shop.svc'), NOON + 10_000);
  assert.ok(!isSameProcess(stamp, up(NOON, 'main-redis-1.shop.svc')));
});

test('a cursor with a stamp is a position, and nothing that is longer', () => {
  for (const at of [NOON, Date.UTC(2199, 0)]) {
    let stamp: string | undefined;
    for (let connections = 0; connections < 9; connections++) stamp = stampOf(up(NOON), at, stamp);
    for (const position of [`17~${stamp}`, `63-17~${stamp}`, `3-17.0123456789.abcdef_-01~${stamp}`])
      assert.match(position, SCAN_POSITION);
    assert.doesNotMatch(`17~${stamp}xx`, SCAN_POSITION);
  }
});
