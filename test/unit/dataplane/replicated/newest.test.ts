import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Named, newest } from '../../../../dataplane/store/replicated/sentinels.ts';

const named = (host: string, epoch: number): Named => ({
  host,
  port: 6379,
  epoch,
  failingOver: false,
});
const [old, now] = [named('10.0.0.1', 1), named('10.0.0.2', 2)];

test('of what Sentinels say the newest configuration holds, in whatever order they answer', () => {
  assert.equal(newest([old, now, old], 3), now);
  assert.equal(newest([now, old], 3), now);
  assert.equal(newest([], 3), undefined);
});

test('a few Sentinels that are behind do not bring back a primary that was', () => {
  assert.equal(newest([old], 3, now), now);
  assert.equal(newest([], 3, now), now);
});

test('a majority is believed even where it has forgotten what was', () => {
  assert.equal(newest([old, old], 3, now), old);
});

test('the leader of a failover, which counts up before it names the new primary, does not bring back the old one', () => {
  const leader: Named = { ...old, epoch: now.epoch, failingOver: true };
  assert.equal(newest([leader, now], 3), now);
  assert.equal(newest([now, leader], 3), now);
  assert.equal(newest([leader, old], 3, now), now);
  assert.equal(newest([old, leader], 3, old), leader);
});
