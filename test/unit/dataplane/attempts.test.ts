import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createAttempts, sourceOf } from '../../../dataplane/auth/attempts.ts';

test('a source may fail the burst at once and then so many a second; others are not touched', () => {
  const attempts = createAttempts({ perSecond: 10, burst: 5, sources: 100 });
  const now = 1_000_000;
  assert.deepEqual(
    Array.from({ length: 7 }, () => attempts.fail('10.0.0.1', now)),
    [0, 0, 0, 0, 0, 1, 1],
  );
  assert.equal(attempts.fail('10.0.0.2', now), 0);
  assert.equal(attempts.fail('10.0.0.1', now + 99), 1);
  assert.equal(attempts.fail('10.0.0.1', now + 100), 0);
  assert.equal(attempts.fail('10.0.0.1', now + 101), 1);
});

test('over any run of failures a source is let through at most burst + rate × time', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(500), { maxLength: 300 }),
      fc.integer({ min: 1, max: 50 }),
      fc.integer({ min: 1, max: 50 }),
      (pauses, perSecond, burst) => {
        const attempts = createAttempts({ perSecond, burst, sources: 2 });
        let now = 5000;
        let passed = 0;
        for (const pause of pauses) {
          now += pause;
          if (attempts.fail('a', now) === 0) passed++;
        }
        const allowed = burst + ((now - 5000) * perSecond) / 1000;
        assert.ok(passed <= allowed + perSecond / 1000, `${passed} of at most ${allowed}`);
        const wait = attempts.fail('a', now);
        if (wait > 0) assert.equal(attempts.fail('a', now + wait * 1000), 0, 'after the wait one passes');
      },
    ),
  );
});

test('sources are remembered up to the bound, those that failed last', () => {
  const attempts = createAttempts({ perSecond: 1, burst: 1, sources: 1000 });
  attempts.fail('10.9.9.9', 0);
  for (let i = 0; i < 100_000; i++) {
    attempts.fail(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`, 0);
    if (i % 500 === 0) assert.ok(attempts.fail('10.9.9.9', 0) > 0);
  }
  assert.equal(attempts.size, 1000);
});

test('addresses of one IPv6 network of 64 bits, and both ways to write IPv4, are one source', () => {
  assert.equal(sourceOf('::ffff:10.0.0.1'), sourceOf('10.0.0.1'));
  for (const address of ['2001:db8:1:2::1', '2001:DB8:1:2:ffff::', '2001:db8:1:2:3:4:5:6%eth0']) {
    assert.equal(sourceOf(address), '2001:db8:1:2', address);
  }
  assert.notEqual(sourceOf('2001:db8:1:3::1'), '2001:db8:1:2');
  assert.equal(sourceOf('::1'), '0:0:0:0');
  assert.equal(sourceOf('fe80::1%eth0'), 'fe80:0:0:0');
});
