// A native client on a thread of its own: writes 1, 2, 3 … to a key and tells when each had its answer.
import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { Redis } from 'ioredis';

/** What the thread is given. It posts the nanoseconds of process.hrtime at which each write had its answer. */
export interface WriterData {
  port: number;
  key: string;
  writes: number;
}

const { port, key, writes } = workerData as WriterData;
const redis = new Redis({ host: '127.0.0.1', port, username: 'test', password: 'any', disableClientInfo: true });
const answered = new BigInt64Array(writes);
for (let i = 0; i < writes; i++) {
  await redis.set(key, String(i));
  answered[i] = process.hrtime.bigint();
  await sleep(2);
}
redis.disconnect();
parentPort?.postMessage(answered);
