import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rateLimit } from '../../../../dataplane/limits/bucket.ts';
import { Permits } from '../../../../dataplane/limits/permits.ts';

const leased = (granted: number, rps = 100) => {
  const permits = new Permits(rateLimit(rps), 0);
  const { want } = permits.ask(0, granted);
  permits.answer(0, want, granted, rps - granted);
  return permits;
};

test('a held permit is used without asking, and the headers count down', () => {
  const permits = leased(10);
  assert.deepEqual(permits.use(), {
    allowed: true,
    limit: 100,
    remaining: 99,
    resetSeconds: 1,
    retryAfterSeconds: 0,
  });
  assert.equal(permits.held, 9);
});

test('after an empty answer requests are refused without asking until permits are due, and then the ledger is asked', () => {
  const permits = new Permits(rateLimit(100), 0);
  permits.answer(0, 5, 0, 0);
  const refused = permits.refuse(10);
  assert.deepEqual([refused?.allowed, refused?.remaining, refused?.retryAfterSeconds], [false, 0, 1]);
  assert.equal(permits.ask(10, 0).want, 0);
  assert.equal(permits.refuse(2000), undefined);
});

test('where one permit comes in ten seconds, a refusal says so', () => {
  const permits = new Permits(rateLimit(0.1, 1), 0);
  permits.answer(0, 1, 0, 0);
  assert.equal(permits.refuse(1)?.retryAfterSeconds, 10);
});

test('permits that nobody uses are given back after a second, each of them once', () => {
  const permits = leased(10);
  permits.use();
  assert.equal(permits.tick(500, 500), false);
  assert.equal(permits.tick(1600, 1100), true);
  assert.deepEqual(permits.ask(1600, 0), { want: 0, giveBack: 9 });
  assert.deepEqual(permits.ask(1600, 0), { want: 0, giveBack: 0 });
  assert.equal(permits.use(), undefined);
});

test('with the ledger away, one replica alone allows what was left and then the whole rate', () => {
  const permits = leased(10);
  let allowed = 0;
  for (let now = 0; now < 10_000; now++) if (permits.useAlone(now).allowed) allowed++;
  assert.ok(allowed >= 100 + 999 && allowed <= 100 + 1000, String(allowed));
});

test('a lower limit holds at once, for what is held too', () => {
  const permits = leased(90);
  permits.configure(rateLimit(10));
  assert.equal(permits.held, 10);
});
