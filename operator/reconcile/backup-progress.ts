import { request } from 'node:http';
import { PROGRESS_PORT } from '../../contract/backup.ts';

/** Time limit in ms, and the most that an answer may have in bytes: the pod is in a tenant's namespace. */
const TIMEOUT_MS = 2_000;
const MAX_BYTES = 1_024;

/** Asks a backup pod how many bytes it has sent; undefined where it does not tell. */
export function readProgress(host: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    const asked = request({ host, port: PROGRESS_PORT, path: '/progress', agent: false, timeout: TIMEOUT_MS });
    const give = (bytes: number | undefined) => {
      clearTimeout(limit);
      resolve(bytes);
      asked.destroy();
    };
    const limit = setTimeout(() => give(undefined), TIMEOUT_MS);
    asked.on('error', () => give(undefined));
    asked.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
        if (text.length > MAX_BYTES) give(undefined);
      });
      response.on('error', () => give(undefined));
      response.on('end', () => give(response.statusCode === 200 ? bytesOf(text) : undefined));
    });
    asked.end();
  });
}

function bytesOf(text: string): number | undefined {
  try {
    const { bytes } = JSON.parse(text);
    return Number.isSafeInteger(bytes) && bytes >= 0 ? bytes : undefined;
  } catch {
    return undefined;
  }
}
