import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { readRdb } from '../../../backup/rdb/source.ts';
import { findFreePorts } from '../../../cluster/daemon.ts';
import { startRedis } from '../../../cluster/test-redis.ts';
import { database, HEAD, seal } from '../../unit/backup/rdb/rdb.ts';
import { BACKUP_USER, makePod, placeOn, runHere, SOURCE } from './pipeline.ts';

const backup = (redis: { host: string; port: number }) =>
  runHere(makePod(), { verb: 'backup', place: placeOn('b', 'main'), redis, source: SOURCE });

/** It failed for the source's sake, which another try may mend, with that message. */
async function assertUnavailable(redis: { host: string; port: number }, message: RegExp): Promise<void> {
  const { code, result } = await backup(redis);
  assert.ok(result && !result.ok && result.reason === 'SourceUnavailable', JSON.stringify(result));
  assert.match(result.message, message);
  assert.equal(code, 75);
}

/** A server that takes the commands before PSYNC, and answers that one as `play` does. */
async function played(play: (socket: Socket) => Promise<void>): Promise<{ host: string; port: number }> {
  const server: Server = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      if (chunk.includes('PSYNC')) void play(socket);
      else socket.write('+OK\r\n');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  after(() => server.close());
  return { host: '127.0.0.1', port: (server.address() as { port: number }).port };
}

const MARKER = 'abcdefghij0123456789abcdefghij0123456789';
const rdb = await seal(Buffer.concat([HEAD, database(7, 0), Buffer.from('what stands for seven keys')]));

for (const [form, head, end] of [
  ['a marker', `$EOF:${MARKER}\r\n`, MARKER],
  ['a length', `$${rdb.length}\r\n`, ''],
] as const) {
  test(`newlines that keep the link alive before and after the reply are passed over (${form})`, async () => {
    const redis = await played(async (socket) => {
      for (const text of ['\n', '\n\n', '+FULLRESYNC abc 0\r\n', '\n', '\n', head]) {
        socket.write(text);
        await sleep(5);
      }
      socket.write(rdb.subarray(0, 20));
      await sleep(5);
      socket.write(Buffer.concat([rdb.subarray(20), Buffer.from(end)]));
    });
    const { result } = await backup(redis);
    assert.ok(result?.ok && result.data?.keys === 7, JSON.stringify(result));
  });

  test(`a Redis that ends in the middle leaves no backup (${form})`, async () => {
    const redis = await played(async (socket) => {
      socket.end(Buffer.concat([Buffer.from(`+FULLRESYNC abc 0\r\n${head}`), rdb.subarray(0, -1)]));
    });
    await assertUnavailable(redis, /before all of its data had come/);
  });
}

test('a Redis that sends something else in the place of its data leaves no backup', async () => {
  const redis = await played(async (socket) => {
    socket.write('+FULLRESYNC abc 0\r\n$12\r\nno RDB at all');
  });
  const { code, result } = await backup(redis);
  assert.ok(result && !result.ok && result.reason === 'Corrupt', JSON.stringify(result));
  assert.equal(code, 1);
});

test('a Redis that still loads is told as such', async () => {
  const redis = await played(async (socket) => {
    socket.write('-LOADING Redis is loading the dataset in memory\r\n');
  });
  await assertUnavailable(redis, /still loads/);
});

test('a Redis that is not there is told as such', async () => {
  const [port = 0] = await findFreePorts(1);
  await assertUnavailable({ host: '127.0.0.1', port }, /cannot be reached: ECONNREFUSED/);
});

test('a Redis without the user, with another password, or that forbids it to take the data, is told as such', async () => {
  for (const [user, message] of [
    [[], /password of the user backup/],
    [BACKUP_USER.map((word) => (word.startsWith('>') ? '>another' : word)), /password of the user backup/],
    [BACKUP_USER.filter((word) => word !== '+psync'), /does not let the user backup/],
  ] as const) {
    const redis = await startRedis({ version: '8.0', config: user });
    after(() => redis.stop());
    await assertUnavailable(redis, message);
  }
});

test('a Redis that falls silent is given up, and one that waits for a slow target is not', async () => {
  const { signal } = new AbortController();
  const options = { password: 'p', silenceMs: 100, signal };
  const silent = await played(async (socket) => {
    socket.write('+FULLRESYNC abc 0\r\n');
  });
  await assert.rejects(readRdb({ ...silent, ...options }).next(), /it said nothing for 0.1 s/);

  const large = Buffer.alloc(20_000_000, 1);
  const patient = await played(async (socket) => {
    socket.write(`+FULLRESYNC abc 0\r\n$${large.length}\r\n`);
    socket.write(large);
  });
  let bytes = 0;
  let isSlow = true;
  for await (const piece of readRdb({ ...patient, ...options })) {
    if (isSlow) await sleep(400);
    isSlow = false;
    bytes += piece.length;
  }
  assert.equal(bytes, large.length);
});
