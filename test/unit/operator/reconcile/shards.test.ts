import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Member } from '../../../../operator/reconcile/observe.ts';
import { maintainShards } from '../../../../operator/reconcile/shards.ts';
import { pod, redis, store } from '../objects.ts';

const line = (ordinal: number, flags: string, link: string, slots: string) =>
  `id${ordinal} 10.0.0.${ordinal}:6379@16379,main-redis-${ordinal} ${flags} - 0 0 1 ${link} ${slots}`;

test('it is looked again soon at shards that are to meet, also at one that joins others later', async () => {
  const met: unknown[] = [];
  const answer = (nodes: string[]) => ({
    cluster: async (command: string, ...args: unknown[]) => {
      if (command === 'MEET') met.push(args);
      return command === 'NODES' ? nodes.join('\n') : 'OK';
    },
    close: () => {},
  });
  const [first, second] = [
    [line(0, 'myself,master', 'connected', '0-16383')],
    [line(1, 'myself,master', 'connected', '')],
  ];
  const members = [first, second].map(
    (nodes, ordinal): Member => ({
      ordinal,
      pod: pod(undefined, { name: `main-redis-${ordinal}` }),
      claim: undefined,
      redis: { ...redis(), session: answer(nodes) as never },
      address: `10.0.0.${ordinal}`,
    }),
  );
  const context = {
    masterKeys: () => ({ current: Buffer.alloc(32, 1) }),
    connectRedis: async () => answer([]),
    caches: { secrets: { get: () => undefined } },
  } as unknown as Parameters<typeof maintainShards>[0];
  const known = store({ shards: 2 }, { topology: { mode: 'Sharded', members: 2 } });
  const { steps } = await maintainShards(context, { store: known, members }, AbortSignal.timeout(5000));
  assert.equal(met.length, 2);
  assert.deepEqual(
    steps.map(({ reason }) => reason),
    ['JoiningShards'],
  );
});
