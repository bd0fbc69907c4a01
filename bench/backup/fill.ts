import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { TestRedis } from '../../cluster/test-redis.ts';

const VALUE_BYTES = 1000;
const AT_ONCE = 1000;

/** The command that sets that key to 1,000 random bytes, which nothing compresses. */
export function set(index: number, random = randomBytes(VALUE_BYTES)): Buffer {
  const key = `key:${index}`;
  const head = `*3\r\n$3\r\nSET\r\n$${key.length}\r\n${key}\r\n$${VALUE_BYTES}\r\n`;
  return Buffer.concat([Buffer.from(head), random, Buffer.from('\r\n')]);
}

/** Sets so many keys. */
export async function fill({ host, port }: TestRedis, keys: number): Promise<void> {
  const socket = connect({ host, port });
  let replies = 0;
  socket.on('data', (chunk) => {
    for (const byte of chunk) if (byte === 0x0a) replies++;
  });
  for (let done = 0; done < keys; done += AT_ONCE) {
    const random = randomBytes(AT_ONCE + VALUE_BYTES);
    const commands: Buffer[] = [];
    for (let index = done; index < Math.min(keys, done + AT_ONCE); index++)
      commands.push(set(index, random.subarray(index - done, index - done + VALUE_BYTES)));
    if (!socket.write(Buffer.concat(commands))) await once(socket, 'drain');
  }
  while (replies < keys) await once(socket, 'data');
  socket.destroy();
}
