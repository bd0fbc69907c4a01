import { createServer } from 'node:http';
import { type BackupProgress, PROGRESS_PORT } from '../contract/backup.ts';

const TELL_MS = 5_000;

/** What counts the bytes that went by, and tells them. */
export interface Progress {
  count(bytes: number): void;
  stop(): void;
}

/** Tells how far a verb is: as a line every few seconds, and to whoever asks `GET /progress` on `port`. */
export function startProgress(verb: string, write: (line: string) => void, port: number = PROGRESS_PORT): Progress {
  const progress: BackupProgress = { bytes: 0 };
  let told = 0;
  const timer = setInterval(() => {
    const rate = (progress.bytes - told) / 1e6 / (TELL_MS / 1000);
    told = progress.bytes;
    write(`${verb}: ${(progress.bytes / 1e6).toFixed(1)} MB, ${rate.toFixed(1)} MB/s`);
  }, TELL_MS);
  const server = createServer((request, response) => {
    const known = request.method === 'GET' && request.url === '/progress';
    response.writeHead(known ? 200 : 404, { 'content-type': 'application/json' });
    response.end(known ? JSON.stringify(progress) : undefined);
  });
  // Without it the verb is done all the same.
  server.on('error', (error) => write(`progress is not told on port ${port}: ${error.message}`));
  server.listen(port).unref();
  return {
    count(bytes) {
      progress.bytes += bytes;
    },
    stop() {
      clearInterval(timer);
      server.close();
      server.closeAllConnections();
    },
  };
}
