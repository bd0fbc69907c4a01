import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Named, newest } from '../../../../dataplane/store/replicated/sentinels.ts';

const named = (host: string, epoch: number): Named => ({ host, port: 6379, epoch });
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
