import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Nearest, type Role, readRole } from '../../../../dataplane/store/replicated/nearest.ts';
import { ReplyError } from '../../../../dataplane/store/resp/reply.ts';

/** Members that say what `roles` has, or do not answer; the clock goes on by a second with each measurement. */
function play(roles: (Role | undefined)[]) {
  let now = 0;
  let asked = 0;
  const ask = async (ordinal: number) => {
    asked++;
    // So that the last member is the nearest.
    now++;
    const role = roles[ordinal];
    if (!role) throw new Error('down');
    return role;
  };
  const nearest = new Nearest(roles.length, ask, () => now);
  return {
    nearest,
    async measure() {
      await nearest.measure();
      now += 1000;
    },
    asked: () => asked,
    pass(ms: number) {
      now += ms;
    },
  };
}

const primary = (offset: number): Role => ({ isPrimary: true, offset });
const replica = (offset: number): Role => ({ isPrimary: false, offset });

test('nothing is known before the first measurement, and nothing any more when the last is old', async () => {
  const { nearest, measure, pass } = play([primary(10)]);
  assert.equal(nearest.choose(), undefined);
  await measure();
  assert.equal(nearest.choose(), 0);
  pass(60_000);
  assert.equal(nearest.choose(), undefined);
});

test('a replica counts where it has what the primary had a measurement before, and no other', async () => {
  const members: (Role | undefined)[] = [primary(10), replica(10)];
  const { nearest, measure } = play(members);
  const choose = async (...roles: (Role | undefined)[]) => {
    members.splice(0, 2, ...roles);
    await measure();
    return nearest.choose();
  };
  assert.equal(await choose(primary(10), replica(10)), 0, 'nobody knows yet what it should have');
  assert.equal(await choose(primary(500), replica(10)), 1);
  assert.equal(await choose(primary(600), replica(499)), 0, 'it is behind');
  assert.equal(await choose(primary(600), replica(600)), 1);
  assert.equal(await choose(primary(600), replica(Number.NaN)), 0, 'it has lost its primary');
  assert.equal(await choose(undefined, replica(600)), undefined, 'without a primary nobody knows who is current');
});

test('of two that call themselves the primary neither is a measure', async () => {
  const { nearest, measure } = play([primary(10), primary(10), replica(10)]);
  await measure();
  await measure();
  assert.equal(nearest.choose(), undefined);
});

test('a member that failed is not chosen before it is measured again', async () => {
  const { nearest, measure } = play([primary(1)]);
  await measure();
  nearest.forget(0);
  assert.equal(nearest.choose(), undefined);
});

test('however much is read, members are measured once a second', async () => {
  const { nearest, measure, asked, pass } = play([primary(1)]);
  await measure();
  const before = asked();
  for (let i = 0; i < 100; i++) nearest.choose();
  assert.equal(asked() - before, 1);
  pass(10);
  nearest.choose();
  assert.equal(asked() - before, 1);
});

test('the answer to ROLE is read, and a replica without its primary has no offset', () => {
  const word = (text: string) => Buffer.from(text);
  assert.deepEqual(readRole([word('master'), 7, []]), primary(7));
  assert.deepEqual(readRole([word('slave'), word('10.0.0.1'), 6379, word('connected'), 7]), replica(7));
  assert.deepEqual(readRole([word('slave'), word('10.0.0.1'), 6379, word('sync'), -1]), replica(Number.NaN));
  assert.throws(() => readRole([word('sentinel'), []]));
  assert.throws(() => readRole(new ReplyError('NOPERM')), ReplyError);
});
