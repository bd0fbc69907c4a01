import type { IncomingMessage } from 'node:http';
import { discard } from '../pipeline/discard.ts';
import { ApiError } from '../pipeline/errors.ts';

/**
 * All bytes of a body that has at most `mostBytes`, otherwise payload_too_large. `took` is told of each piece before it
 * is kept and may throw to stop. What is left of a body that is refused flows past unread, so that its sender comes to
 * see the answer.
 */
export function readBytes(req: IncomingMessage, mostBytes: number, took: (bytes: number) => void): Promise<Buffer> {
  if (Number(req.headers['content-length'] ?? 0) > mostBytes) return Promise.reject(tooLarge(mostBytes));
  if (req.destroyed) return Promise.reject(new ApiError('bad_request', 'the body broke off'));
  const chunks: Buffer[] = [];
  let length = 0;
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const onData = (chunk: Buffer) => {
    length += chunk.length;
    try {
      if (length > mostBytes) throw tooLarge(mostBytes);
      took(chunk.length);
      chunks.push(chunk);
    } catch (error) {
      stop();
      reject(error);
    }
  };
  const onEnd = () => {
    stop();
    if (chunks.length === 1 && chunks[0]) return resolve(chunks[0]);
    const bytes = Buffer.concat(chunks);
    for (const chunk of chunks) discard(chunk);
    resolve(bytes);
  };
  const onClose = () => {
    stop();
    reject(new ApiError('bad_request', 'the body broke off'));
  };
  const stop = () => req.off('data', onData).off('end', onEnd).off('close', onClose);
  req.on('data', onData).on('end', onEnd).on('close', onClose);
  return promise;
}

/** The answer to a body of more than `mostBytes`. */
export function tooLarge(mostBytes: number): ApiError {
  return new ApiError('payload_too_large', `the body has more than ${mostBytes} bytes; store less under one key`);
}
