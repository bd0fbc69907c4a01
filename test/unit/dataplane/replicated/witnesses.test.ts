import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { originOf } from '../../../../dataplane/store/origin.ts';
import { Witnesses } from '../../../../dataplane/store/replicated/witnesses.ts';
import type { Connection } from '../../../../dataplane/store/resp/connection.ts';

const NONE = '0'.repeat(40);
const primary = (history: string, before = NONE) => ({ role: 'master', history, before });
const replica = (history: string) => ({ role: 'slave', history, before: NONE });
type Said = ReturnType<typeof primary>;

/** What each member answers to INFO, nothing where it is away, and a clock. */
function enter(t: TestContext, said: Record<string, Said | undefined>) {
  let ms = 1_000_000;
  t.mock.method(performance, 'now', () => ms);
  const connect = ({ host }: { host: string }) => {
    const send = async () => {
      const { role, history, before } = said[host] ?? assert.fail('away');
      const lines = ['# Replication', `role:${role}`, `master_replid:${history}`, `master_replid2:${before}`, ''];
      return Buffer.from(lines.join('\r\n'));
    };
    return { connect: async () => {}, send, close() {} } as unknown as Connection;
  };
  const members = Object.keys(said).map((host) => ({ host, port: 6379 }));
  const witnesses = new Witnesses(members, connect);
  return {
    isReplaced: (ordinal: number) => witnesses.isReplaced(ordinal),
    is: (host: string) => witnesses.isOnlyPrimary(originOf(host, 6379).place),
    wait: (more: number) => {
      ms += more;
    },
  };
}

test('a primary is the only one while most of the members are there and none of them says that it is one', async (t) => {
  const said: Record<string, Said | undefined> = { a: primary('1'), b: replica('1'), c: replica('1') };
  const { is } = enter(t, said);
  assert.equal(await is('a'), true);
  said.c = undefined;
  assert.equal(await is('a'), true);
  said.b = undefined;
  assert.equal(await is('a'), false, 'who is alone cannot tell');
});

test('one that was replaced and has not learnt it is never the only one, and does not stand against its successor', async (t) => {
  const said: Record<string, Said | undefined> = { a: primary('1'), b: primary('2', '1'), c: replica('1') };
  const { is } = enter(t, said);
  assert.equal(await is('a'), false);
  assert.equal(await is('b'), false, 'no replica has heard of it yet');
  said.c = replica('2');
  assert.equal(await is('a'), false);
  assert.equal(await is('b'), true);
  said.a = replica('2');
  assert.equal(await is('a'), false, 'it has learnt it');
  said.a = primary('3', '2');
  assert.equal(await is('b'), false, 'it has become the primary again');
});

test('one is replaced by a primary that has gone on from its history, and by no other', async (t) => {
  const said: Record<string, Said | undefined> = { a: primary('1'), b: primary('2', '1'), c: replica('1') };
  const { isReplaced } = enter(t, said);
  assert.deepEqual([await isReplaced(0), await isReplaced(1)], [true, false]);
  said.b = replica('1');
  assert.equal(await isReplaced(0), false);
  said.b = primary('3', '2');
  assert.equal(await isReplaced(0), false);
  said.a = undefined;
  assert.equal(await isReplaced(0), false, 'nobody knows what it has');
});

test('where it is not plain which of two has replaced the other, neither is the only one', async (t) => {
  const { is } = enter(t, { a: primary('1'), b: primary('3', '2'), c: replica('3') });
  assert.deepEqual([await is('a'), await is('b')], [false, false]);
});

test('a member that is away for long is not waited for, and counts again when it answers', async (t) => {
  const said: Record<string, Said | undefined> = { a: primary('1'), b: replica('1'), c: undefined };
  const { is, wait } = enter(t, said);
  for (let n = 0; n < 4; n++, wait(2000)) assert.equal(await is('a'), true);
  said.c = primary('2', '1');
  await is('a');
  assert.equal(await is('a'), false);
});
