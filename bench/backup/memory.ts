import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TestRedis } from '../../cluster/test-redis.ts';
import { set } from './fill.ts';

const EVERY_MS = 200;
const WRITES_PER_SECOND = 1000;

/**
 * MB by which the memory of a Redis, its fork included, rises at most while `work` runs and one key in some is written
 * over all the time: pages that both have count once (Pss, proc(5)). The fork costs the pages that are written meanwhile.
 */
export async function memoryRise(redis: TestRedis, keys: number, work: () => Promise<unknown>): Promise<number> {
  const socket = connect(redis.port, redis.host);
  const pid = await processId(socket);
  let isOver = false;
  socket.on('data', () => {});
  const writing = (async () => {
    for (; !isOver; await sleep(10))
      for (let write = 0; write < WRITES_PER_SECOND / 100; write++) socket.write(set(randomInt(keys)));
  })();
  await sleep(1000);
  const before = await memoryOf(pid);
  let highest = before;
  const watching = (async () => {
    for (; !isOver; await sleep(EVERY_MS)) highest = Math.max(highest, await memoryOf(pid));
  })();
  await work().finally(() => {
    isOver = true;
  });
  await Promise.all([writing, watching]);
  socket.destroy();
  return highest - before;
}

async function processId(socket: Socket): Promise<number> {
  socket.write('INFO server\r\n');
  let text = '';
  while (!/process_id:\d+\r/.test(text)) text += String((await once(socket, 'data'))[0]);
  return Number(/process_id:(\d+)/.exec(text)?.[1]);
}

async function memoryOf(pid: number): Promise<number> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  const pids = [pid, ...children.trim().split(' ').filter(Boolean)];
  const sizes = pids.map(async (one) => {
    const text = await readFile(`/proc/${one}/smaps_rollup`, 'utf8').catch(() => ''); // it may have gone
    return Number(/^Pss:\s+(\d+) kB/m.exec(text)?.[1] ?? 0) / 1000;
  });
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}
