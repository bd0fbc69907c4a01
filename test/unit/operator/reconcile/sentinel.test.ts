import assert from 'node:assert/strict';
import { test } from 'node:test';
import { maintainSentinel } from '../../../../operator/reconcile/sentinel.ts';
import { RedisRefusal, type RedisSession } from '../../../../operator/redis/session.ts';
import { pod } from '../objects.ts';

const passwords = { dataplane: ['d'], operator: ['o'], replica: ['r'], sentinel: ['new', 'old'] };
const replication = { addresses: ['10.0.0.1'], passwords };

/** A Sentinel that has users of other passwords, and refuses where `why` says so. */
function sentinel(done: string[], why?: string) {
  const session = {
    async sentinelSignIn(password: string) {
      if (why !== undefined) throw new RedisRefusal(why);
      done.push(`signs in by ${password}`);
    },
    aclSetUser: async (name: string) => void done.push(name),
    aclDelUsers: async () => {},
  };
  const look = { primary: undefined, users: { revision: 'another', passwords: new Map() } };
  return { look, session: session as unknown as RedisSession };
}

test('a Sentinel signs in by the newest password before its users are changed', async () => {
  const done: string[] = [];
  const { troubles } = await maintainSentinel({ replication }, { sentinel: sentinel(done), pod: pod() });
  assert.deepEqual(troubles, []);
  assert.equal(done[0], 'signs in by new');
  assert.ok(done.includes('sentinel') && done.includes('dataplane'));
});

test('a Sentinel that refuses its passwords is told of, and keeps nobody else waiting', async () => {
  const refusing = sentinel([], 'ERR Failed to save config file on disk');
  const [trouble] = (await maintainSentinel({ replication }, { sentinel: refusing, pod: pod() })).troubles;
  assert.match(trouble?.message ?? '', /main-redis-0 .*Failed to save.*volume is full/);
});
