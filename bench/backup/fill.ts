import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { TestRedis } from '../../cluster/test-redis.ts';

const VALUE_BYTES = 1000;
const AT_ONCE = 1000;

/** Writes values of 1,000 random bytes, which nothing compresses, until they are `bytes` long together. */
export async function fill({ host, port }: TestRedis, bytes: number): Promise<void> {
  const socket = connect({ host, port });
  let replies = 0;
  socket.on('data', (chunk) => {
    for (const byte of chunk) if (byte === 0x0a) replies++;
  });
  const count = Math.ceil(bytes / VALUE_BYTES);
  for (let done = 0; done < count; done += AT_ONCE) {
    const random = randomBytes(AT_ONCE + VALUE_BYTES);
    const commands: Buffer[] = [];
    for (let index = done; index < Math.min(count, done + AT_ONCE); index++) {
      const key = `key:${index}`;
      commands.push(Buffer.from(`*3\r\n$3\r\nSET\r\n$${key.length}\r\n${key}\r\n$${VALUE_BYTES}\r\n`));
      commands.push(random.subarray(index - done, index - done + VALUE_BYTES), Buffer.from('\r\n'));
    }
    if (!socket.write(Buffer.concat(commands))) await once(socket, 'drain');
  }
  while (replies < count) await once(socket, 'data');
  socket.destroy();
}
