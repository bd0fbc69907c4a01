import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asking } from '../../../../dataplane/store/cluster/asking.ts';
import { redirectOf } from '../../../../dataplane/store/cluster/redirect.ts';
import { ordinalOf, SlotMap } from '../../../../dataplane/store/cluster/slot-map.ts';
import type { Request, Way } from '../../../../dataplane/store/exchange.ts';
import { originOf } from '../../../../dataplane/store/origin.ts';
import { createRedisStore } from '../../../../dataplane/store/redis.ts';
import { one } from '../../../../dataplane/store/replies.ts';
import { ReplyError } from '../../../../dataplane/store/resp/reply.ts';

const members = [0, 1].map((i) => ({ host: `shop-redis-${i}.a.svc`, port: 6379 }));

test('a redirect is read as Redis writes it, and nothing else is one', () => {
  const to = { host: 'shop-redis-1.a.svc', port: 6379 };
  assert.deepEqual(redirectOf(new ReplyError('MOVED 42 shop-redis-1.a.svc:6379')), { kind: 'moved', slot: 42, to });
  assert.deepEqual(redirectOf(new ReplyError('ASK 42 shop-redis-1.a.svc:6379')), { kind: 'ask', slot: 42, to });
  // A shard that does not know the name of the other one yet.
  assert.deepEqual(redirectOf(new ReplyError('MOVED 42 :6379'))?.to, { host: '', port: 6379 });
  for (const text of ['MOVED', 'MOVED x a:1', 'ERR MOVED 1 a:1', 'ASK 1 a', 'ASK 1 a:1 b']) {
    assert.equal(redirectOf(new ReplyError(text)), undefined, text);
  }
  assert.equal(redirectOf(new Error('MOVED 42 a:1')), undefined);
});

test('only members are known by their address', () => {
  assert.equal(ordinalOf(members, { host: 'shop-redis-1.a.svc', port: 6379 }), 1);
  assert.equal(ordinalOf(members, { host: 'shop-redis-1.a.svc', port: 6380 }), undefined);
  assert.equal(ordinalOf(members, { host: 'elsewhere', port: 6379 }), undefined);
});

test('slots of strangers leave the map as it was', () => {
  const slots = new SlotMap();
  const range = (from: number, to: number, host: string) => [from, to, [Buffer.from(host), 6379, Buffer.from('id')]];
  slots.update([range(0, 99, 'shop-redis-0.a.svc'), range(100, 16_383, 'shop-redis-1.a.svc')], members);
  assert.deepEqual(
    [0, 99, 100, 16_383].map((slot) => slots.owner(slot)),
    [0, 0, 1, 1],
  );
  slots.update([range(0, 50, 'elsewhere'), range(100, 100, 'shop-redis-0.a.svc')], members);
  assert.deepEqual(
    [0, 50, 100, 101].map((slot) => slots.owner(slot)),
    [0, 0, 0, 1],
  );
  assert.equal(new SlotMap().owner(7), undefined);
});

const origin = originOf('h', 1);

test('one command is asked for as it is, several in one transaction', () => {
  const get = one('read', ['GET', 'k'], (reply) => reply);
  const single = asking(get);
  assert.equal(single.count, 2);
  assert.equal(single.commands, '*1\r\n$6\r\nASKING\r\n*2\r\n$3\r\nGET\r\n$1\r\nk\r\n');
  assert.equal(single.read(['OK', 'v'], origin), 'v');

  const pair = asking({ ...get, commands: `${get.commands}${get.commands}`, count: 2, read: (replies) => replies });
  assert.equal(pair.count, 5);
  assert.match(String(pair.commands), /ASKING.*MULTI.*GET.*GET.*EXEC/s);
  assert.deepEqual(pair.read(['OK', 'OK', 'QUEUED', 'QUEUED', ['a', 'b']], origin), ['a', 'b']);
  const moved = new ReplyError('MOVED 1 a:1');
  assert.throws(() => pair.read(['OK', 'OK', moved, moved, new ReplyError('EXECABORT')], origin), moved);
});

test('nothing comes between a sum in a shard and the question when it expires', async () => {
  const sent: Request<unknown>[] = [];
  const way = {
    request: async (request: Request<unknown>) => {
      sent.push(request);
      return request.read(['OK', 'QUEUED', 'QUEUED', [3, -1]], origin);
    },
  } as unknown as Way;
  const { value, expiresAt } = await createRedisStore(way, undefined, true).increment('k', 3);
  assert.equal(String(value), '3');
  assert.equal(expiresAt, null);
  assert.ok(sent[0]?.transaction);
});
