import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { type Bucket, rateLimit, takePermits } from '../../../../dataplane/limits/bucket.ts';

test('over any stretch of time no more is granted than the burst, what came back, and what was given back', () => {
  const step = fc.record({
    ms: fc.nat(2000),
    want: fc.nat(300),
    giveBack: fc.integer({ min: 0, max: 20 }),
  });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5000 }),
      fc.integer({ min: 1, max: 5000 }),
      fc.array(step, { size: 'medium' }),
      (rps, burst, steps) => {
        const limit = rateLimit(rps, burst);
        let bucket: Bucket | undefined;
        let now = 1e12;
        let granted = 0;
        let most = limit.capacity;
        for (const { ms, want, giveBack } of steps) {
          now += ms;
          most += (ms / 1000) * rps + giveBack;
          const taken = takePermits(bucket, limit, { want, giveBack }, now);
          assert.ok(Number.isInteger(taken.granted) && taken.granted >= 0 && taken.granted <= want);
          assert.ok(taken.bucket.permits >= 0 && taken.bucket.permits <= limit.capacity);
          bucket = taken.bucket;
          granted += taken.granted;
        }
        assert.ok(granted <= most + 1e-6, `${granted} of ${most}`);
      },
    ),
  );
});

test('whoever asks ten times a second under constant want gets the whole rate', () => {
  for (const rps of [1, 7, 100, 12_345]) {
    const limit = rateLimit(rps, 1);
    let bucket: Bucket = { permits: 0, at: 0 };
    let granted = 0;
    for (let now = 100; now <= 100_000; now += 100) {
      const taken = takePermits(bucket, limit, { want: 1e6, giveBack: 0 }, now);
      bucket = taken.bucket;
      granted += taken.granted;
    }
    assert.ok(Math.abs(granted - rps * 100) <= 1, `${granted} of ${rps * 100}`);
  }
});

test('a clock that was set back costs no permit, and accrual goes on from there', () => {
  const limit = rateLimit(10, 100);
  const early = takePermits({ permits: 50, at: 3_600_000 }, limit, { want: 0, giveBack: 0 }, 0);
  assert.deepEqual(early.bucket, { permits: 50, at: 0 });
  assert.equal(takePermits(early.bucket, limit, { want: 0, giveBack: 0 }, 1000).bucket.permits, 60);
});

test('a single replica does not take all of a full bucket at once', () => {
  const { granted } = takePermits(undefined, rateLimit(1000, 1000), { want: 5000, giveBack: 0 }, 0);
  assert.equal(granted, 500);
});

test('the burst is a second of the rate where none is given, and at least a fifth of a second and one', () => {
  assert.equal(rateLimit(50).capacity, 50);
  assert.equal(rateLimit(50, 200).capacity, 200);
  assert.equal(rateLimit(100, 1).capacity, 21);
  assert.equal(rateLimit(1, 1).capacity, 1.2);
});
