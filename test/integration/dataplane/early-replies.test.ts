import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createMemoryStores } from '../../../dataplane/store/memory.ts';
import { createPool } from '../../../dataplane/store/pool.ts';
import { startApi } from './api.ts';
import { createClient } from './client.ts';
import { listen } from './listen.ts';

const SETS = 15;
const BYTES = 262_000;

test('a Redis that answers before it has read a batch is sent that batch, and nothing of other tenants', async (t) => {
  const server = createServer();
  const port = await listen(server);
  const pool = createPool({
    limits: { waitMs: 2000, inFlight: 8, waiting: 8 },
    connectTimeoutMs: 1000,
    commandTimeoutMs: 8000,
    idleCloseMs: 60_000,
    password: () => 'any',
    report: () => {},
  });
  const memory = createMemoryStores();
  const api = await startApi({
    stores: {
      open: (address) => (address.uid === 'uid-rogue' ? pool : memory).open(address),
      close: async () => {},
    },
    endpointOf: () => ({ host: '127.0.0.1', port }),
    heldBytes: 2 ** 27,
    silent: true,
  });
  t.after(() => {
    api.close();
    void pool.close();
    server.close();
  });
  const { post } = createClient(() => api);
  const [rogue, other] = [api.tenant('rogue'), api.tenant('other')];
  const batch = (token: string, character: string) => {
    const value = character.repeat(BYTES);
    const ops = Array.from({ length: SETS }, (_, i) => ({ op: 'set', key: `k${i}`, value }));
    return post('/infra/kv', token, { ops });
  };

  let answering = batch(rogue, 'a');
  const [socket] = (await once(server, 'connection')) as [Socket];
  await once(socket, 'data');
  socket.write('%1\r\n+server\r\n+redis\r\n');
  await once(socket, 'data');
  socket.write('+PONG\r\n');
  const [first] = (await once(socket, 'data')) as [Buffer];
  const received = [first];
  socket.pause();
  let batches = 1;
  // The kernel takes some megabytes before a write has to wait.
  for (; ; batches++) {
    await sleep(300);
    const waits = process.getActiveResourcesInfo().some((name) => name.endsWith('WriteWrap'));
    socket.write('+OK\r\n'.repeat(SETS));
    assert.equal((await answering).status, 200);
    if (waits) break;
    assert.ok(batches < 10, 'no write ever waits');
    answering = batch(rogue, 'a');
  }
  await sleep(50);
  for (let i = 0; i < 5; i++) assert.equal((await batch(other, 'S')).status, 200);
  socket.on('data', (more) => received.push(more)).resume();
  let length = 0;
  do {
    length = Buffer.concat(received).length;
    await sleep(200);
  } while (Buffer.concat(received).length > length);
  const counts = new Map<string, number>();
  for (const character of Buffer.concat(received).toString('latin1')) {
    counts.set(character, (counts.get(character) ?? 0) + 1);
  }
  assert.equal(counts.get('a'), batches * SETS * BYTES);
  assert.equal(counts.get('S'), batches * SETS, 'that of each SET');
});
