import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { originOf } from '../../../../dataplane/store/origin.ts';
import { Witnesses } from '../../../../dataplane/store/replicated/witnesses.ts';
import type { Connection } from '../../../../dataplane/store/resp/connection.ts';

const members = ['a', 'b', 'c'].map((host) => ({ host, port: 6379 }));
const at = (host: string) => originOf(host, 6379).place;

/** What each member answers to ROLE, nothing where it is away, and a clock. */
function enter(t: TestContext, roles: Record<string, 'master' | 'slave' | undefined>) {
  let ms = 1_000_000;
  t.mock.method(performance, 'now', () => ms);
  const connect = ({ host }: { host: string }) => {
    const send = async () => {
      const role = roles[host];
      if (!role) throw new Error('away');
      return (role === 'master' ? ['master', 1, []] : ['slave', 'x', 6379, 'connected', 1]).map((word) =>
        typeof word === 'string' ? Buffer.from(word) : word,
      );
    };
    return { connect: async () => {}, send, close() {} } as unknown as Connection;
  };
  const witnesses = new Witnesses(members, connect);
  return {
    is: (host: string) => witnesses.isOnlyPrimary(at(host)),
    wait: (more: number) => {
      ms += more;
    },
  };
}

test('a primary is the only one while most of the members are there and none of them says that it is one', async (t) => {
  const roles = { a: 'master', b: 'slave', c: 'slave' } as Record<string, 'master' | 'slave' | undefined>;
  const { is } = enter(t, roles);
  assert.equal(await is('a'), true);
  roles.c = undefined;
  assert.equal(await is('a'), true);
  roles.b = 'master';
  assert.equal(await is('a'), false);
  roles.b = undefined;
  assert.equal(await is('a'), false, 'who is alone cannot tell');
});

test('one that was replaced and has not learnt it is never the only one, and does not stand against its successor', async (t) => {
  const roles = { a: 'master', b: 'slave', c: 'slave' } as Record<string, 'master' | 'slave' | undefined>;
  const { is, wait } = enter(t, roles);
  assert.equal(await is('a'), true);
  wait(3000);
  roles.b = 'master';
  assert.equal(await is('b'), true);
  assert.equal(await is('a'), false);
  for (let n = 0; n < 10; n++) {
    wait(3000);
    assert.equal(await is('b'), true, 'for as long as it is asked');
  }
  roles.a = 'slave';
  assert.equal(await is('b'), true);
  roles.a = 'master';
  assert.equal(await is('b'), false, 'it was a replica, and has become the primary again');
});

test('one that nobody saw being replaced stands against its successor for no longer than a failover takes', async (t) => {
  const { is, wait } = enter(t, { a: 'master', b: 'master', c: 'slave' });
  const seen: boolean[] = [];
  for (let n = 0; n < 6; n++, wait(3000)) seen.push(await is('b'));
  assert.deepEqual(seen, [false, false, false, false, false, true]);
});
