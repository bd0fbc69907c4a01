import { connect, type Socket } from 'node:net';

/** Bytes that wait to be taken before no more is read. */
const MAX_WAITING = 4 * 1024 * 1024;
/**
 * Reads go one after the other into blocks of this size: a buffer for each, most of it unused, is what Node would make. A
 * block whose pieces were all taken is used again, for collecting them would take longer than hashing what is in them.
 */
const BLOCK = 1024 * 1024;
const MIN_READ = 64 * 1024;

/** A connection that is read by whoever asks for the next piece. */
export interface Reader {
  socket: Socket;
  /**
   * The next piece of what has come, which is good until the next one is asked for; nothing once the other side has ended.
   * Throws what closed the connection, and where nothing comes for `silenceMs`: a time in which nobody asked does not count.
   */
  next(): Promise<Buffer | undefined>;
}

export interface ReaderOptions {
  host: string;
  port: number;
  connectMs: number;
  silenceMs: number;
  /** Ends the connection. */
  signal: AbortSignal;
}

/** Connects. Rejects where that is not done within `connectMs`. */
export async function open({ host, port, connectMs, silenceMs, signal }: ReaderOptions): Promise<Reader> {
  let block: Buffer = Buffer.allocUnsafeSlow(BLOCK);
  let filled = 0;
  let taken = 0;
  /** With the last piece of a block comes the block itself. */
  const waiting: { piece: Buffer; block?: Buffer }[] = [];
  const spare: Buffer[] = [];
  let lent: Buffer | undefined;
  let waitingBytes = 0;
  let over: { error?: Error } | undefined;
  let wake = () => {};

  const gather = (whole?: Buffer) => {
    const piece = block.subarray(taken, filled);
    if (piece.length > 0 || whole) waiting.push({ piece, ...(whole && { block: whole }) });
    taken = filled;
  };
  const room = () => {
    if (BLOCK - filled >= MIN_READ) return block.subarray(filled);
    gather(block);
    block = spare.pop() ?? Buffer.allocUnsafeSlow(BLOCK);
    filled = taken = 0;
    return block;
  };
  const socket = connect({
    host,
    port,
    noDelay: true,
    signal,
    onread: {
      buffer: room,
      callback(bytes) {
        filled += bytes;
        waitingBytes += bytes;
        wake();
        return waitingBytes < MAX_WAITING;
      },
    },
  });
  const end = (error?: Error) => {
    over ??= { ...(error && { error }) };
    wake();
  };
  socket
    .on('error', end)
    .on('end', () => end())
    .on('close', () => end());

  const late = setTimeout(() => socket.destroy(new Error('no answer in time')), connectMs);
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve).once('close', () => reject(over?.error ?? new Error('closed')));
  }).finally(() => clearTimeout(late));

  return {
    socket,
    async next() {
      for (;;) {
        if (lent) spare.push(lent);
        lent = undefined;
        if (waiting.length === 0) gather();
        const next = waiting.shift();
        if (next) {
          lent = next.block;
          waitingBytes -= next.piece.length;
          if (waitingBytes < MAX_WAITING / 2) socket.resume();
          if (next.piece.length > 0) return next.piece;
          continue;
        }
        if (over) {
          if (over.error) throw over.error;
          return undefined;
        }
        const silence = setTimeout(end, silenceMs, new Error(`it said nothing for ${silenceMs / 1000} s`));
        await new Promise<void>((resolve) => {
          wake = resolve;
        }).finally(() => clearTimeout(silence));
      }
    },
  };
}
