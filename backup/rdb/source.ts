import { ReplicationStream, refusal, unavailable } from './framing.ts';
import { open, type Reader } from './socket.ts';

/** The Redis to take the data of, as its user `backup`. */
export interface SourceOptions {
  host: string;
  port: number;
  password: string;
  /** How long the Redis may say nothing at all, in ms. While it forks or a disk is slow it sends newlines. */
  silenceMs?: number;
  signal: AbortSignal;
}

const CONNECT_MS = 10_000;
const SILENCE_MS = 60_000;

/**
 * The data of a running Redis as one RDB, in the pieces in which it comes, each good until the next one is asked for: for as
 * long as that takes this is one of its replicas. A piece is only asked for when the one before was taken, so the Redis' fork
 * is slowed down rather than the memory filled. Throws SourceUnavailable, also where the Redis ends in the middle.
 */
export async function* readRdb(options: SourceOptions): AsyncGenerator<Buffer> {
  const { host, port, signal, silenceMs = SILENCE_MS } = options;
  const reader = await open({ host, port, connectMs: CONNECT_MS, silenceMs, signal }).catch((error) => {
    throw unavailable(`the Redis cannot be reached: ${text(error)}`, error);
  });
  const { socket } = reader;
  try {
    const rest = await greet(reader, options.password);
    const stream = new ReplicationStream();
    yield* stream.feed(rest);
    while (!stream.done) {
      const piece = await reader.next();
      if (!piece) throw unavailable('the Redis closed the connection before all of its data had come');
      yield* stream.feed(piece);
    }
  } catch (error) {
    throw (error as Error).name === 'BackupError' ? error : unavailable(`the Redis was lost: ${text(error)}`, error);
  } finally {
    socket.destroy();
  }
}

/** Signs in and asks for everything; what came after the replies is returned. */
async function greet({ socket, next }: Reader, password: string): Promise<Buffer> {
  const commands: readonly { args: string[]; optional?: true }[] = [
    { args: ['AUTH', 'backup', password] },
    // A Sentinel takes whoever INFO lists for a replica, for good, but where the port is none (createSentinelAddr in sentinel.c).
    { args: ['REPLCONF', 'listening-port', '65536'] },
    // Without it a Redis sends from a file on its disk only.
    { args: ['REPLCONF', 'capa', 'eof'] },
    // Redis then keeps no stream of changes for this replica (since 7.0; an older one answers with an error).
    { args: ['REPLCONF', 'rdb-only', '1'], optional: true },
  ];
  let buffered: Buffer = Buffer.alloc(0);
  for (const { args, optional } of commands) {
    socket.write(encode(args));
    let end = buffered.indexOf('\r\n');
    while (end < 0) {
      const piece = await next();
      if (!piece) throw unavailable('the Redis closed the connection');
      buffered = Buffer.concat([buffered, piece]);
      end = buffered.indexOf('\r\n');
    }
    const reply = buffered.toString('latin1', 0, end);
    if (reply.startsWith('-') && !optional) throw refusal(reply.slice(1));
    buffered = buffered.subarray(end + 2);
  }
  socket.write(encode(['PSYNC', '?', '-1']));
  return buffered;
}

function encode(args: readonly string[]): string {
  return `*${args.length}\r\n${args.map((arg) => `$${Buffer.byteLength(arg)}\r\n${arg}\r\n`).join('')}`;
}

function text(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? (error as Error).message;
}
