import type { IncomingMessage } from 'node:http';
import { KubeError } from './errors.ts';

/**
 * The lines of a stream as they come. Ends with the stream; throws the signal's reason when aborted and a `KubeError`
 * when the connection breaks. Leaving the loop closes the connection. What stands behind the last newline is dropped:
 * a line cut short.
 */
export async function* readLines(stream: IncomingMessage, signal: AbortSignal): AsyncGenerator<string> {
  stream.setEncoding('utf8');
  // A line may arrive in many pieces; joining them once keeps a large object linear.
  let pieces: string[] = [];
  try {
    for await (const chunk of stream as AsyncIterable<string>) {
      const lines = chunk.split('\n');
      const rest = lines.pop() ?? '';
      for (const line of lines) {
        const whole = pieces.length > 0 ? pieces.join('') + line : line;
        pieces = [];
        if (whole) yield whole;
        signal.throwIfAborted();
      }
      if (rest) pieces.push(rest);
    }
    signal.throwIfAborted();
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof KubeError) throw error;
    throw new KubeError({ status: 0, reason: 'Unreachable', message: 'the watch connection broke', cause: error });
  } finally {
    stream.destroy();
  }
}
