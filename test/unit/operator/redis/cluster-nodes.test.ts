import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseClusterNodes } from '../../../../operator/redis/cluster-nodes.ts';

const text = `07c37df 10.0.0.1:6379@16379,main-redis-0.a.svc myself,master - 0 0 3 connected 0-99 200 [150->-a1b2] [300-<-c3d4]
a1b2 10.0.0.2:6379@16379,main-redis-1.a.svc master - 0 1426238316232 2 connected 100-199
c3d4 10.0.0.3:6379@16379 master - 0 1426238318243 4 disconnected 201-16383
e5f6 :0@0 master,noaddr - 1426238317741 1426238316232 1 connected
0000 10.0.0.9:6379@16379 handshake - 0 0 0 disconnected
`;

test('what a shard says of itself and of the others', () => {
  assert.deepEqual(parseClusterNodes(text), {
    id: '07c37df',
    slots: [
      [0, 99],
      [200, 200],
    ],
    others: new Map([
      ['a1b2', { linked: true, named: true, slots: [[100, 199]] }],
      ['c3d4', { linked: false, named: false, slots: [[201, 16383]] }],
      ['e5f6', { linked: false, named: false, slots: [] }],
    ]),
    migrating: new Map([[150, 'a1b2']]),
    importing: new Map([[300, 'c3d4']]),
  });
});

test('an answer without the shard itself is none', () => {
  assert.throws(() => parseClusterNodes('a1b2 10.0.0.2:6379@16379 master - 0 1 2 connected'), /without itself/);
  assert.throws(() => parseClusterNodes(''), /without itself/);
});
