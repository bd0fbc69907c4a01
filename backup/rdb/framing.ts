import { BackupError } from '../failure.ts';

/**
 * What a Redis sends to a replica that asks for everything, up to the end of the RDB: newlines while it forks, the reply
 * to PSYNC, newlines again, then the RDB, either after its length or up to a marker that it named (diskless).
 * Source: syncCommand and rdbSaveRioWithEOFMark of Redis, readSyncBulkPayload for the other side.
 */
export class ReplicationStream {
  #state: 'reply' | 'header' | 'sized' | 'marked' | 'done' = 'reply';
  #line = '';
  #left = 0;
  #marker: Buffer = Buffer.alloc(0);
  /** What may be the beginning of the marker, so it is held back: as many last bytes as the marker has. */
  #held: Buffer = Buffer.alloc(0);

  /** Whether the RDB has come to its end. */
  get done(): boolean {
    return this.#state === 'done';
  }

  /** Takes what was received and returns what of it belongs to the RDB. Throws what the Redis answered in its place. */
  feed(chunk: Buffer): Buffer[] {
    let rest = chunk;
    while (rest.length > 0 && (this.#state === 'reply' || this.#state === 'header')) rest = this.#readLine(rest);
    if (rest.length === 0 || this.#state === 'done') return [];
    return this.#state === 'sized' ? this.#sized(rest) : this.#marked(rest);
  }

  #readLine(chunk: Buffer): Buffer {
    const end = chunk.indexOf(0x0a);
    this.#line += chunk.toString('latin1', 0, end < 0 ? chunk.length : end);
    if (this.#line.length > MAX_LINE) throw unavailable('the Redis answered with something that is no reply');
    if (end < 0) return chunk.subarray(chunk.length);
    const line = this.#line.trimEnd();
    this.#line = '';
    if (line !== '') this.#take(line);
    return chunk.subarray(end + 1);
  }

  #take(line: string): void {
    if (line.startsWith('-')) throw refusal(line.slice(1));
    if (this.#state === 'reply') {
      if (!line.startsWith('+FULLRESYNC ')) throw unavailable(`the Redis answered PSYNC with ${JSON.stringify(line)}`);
      this.#state = 'header';
    } else if (line.startsWith('$EOF:')) {
      this.#marker = Buffer.from(line.slice('$EOF:'.length), 'latin1');
      if (this.#marker.length !== MARKER_LENGTH) throw unavailable('the Redis named a marker of an unknown length');
      this.#state = 'marked';
    } else {
      this.#left = /^\$\d+$/.test(line) ? Number(line.slice(1)) : Number.NaN;
      if (!Number.isSafeInteger(this.#left)) throw unavailable('the Redis did not say how long its data is');
      this.#state = this.#left === 0 ? 'done' : 'sized';
    }
  }

  #sized(chunk: Buffer): Buffer[] {
    const part = chunk.subarray(0, this.#left);
    this.#left -= part.length;
    if (this.#left === 0) this.#state = 'done';
    return [part];
  }

  #marked(chunk: Buffer): Buffer[] {
    const { length } = this.#marker;
    const short = chunk.length < length;
    const all = short ? Buffer.concat([this.#held, chunk]) : chunk;
    const parts = short || this.#held.length === 0 ? [] : [this.#held];
    const cut = Math.max(0, all.length - length);
    if (cut > 0) parts.push(all.subarray(0, cut));
    this.#held = Buffer.from(all.subarray(cut));
    // The Redis says nothing after the marker until it is acknowledged, which it never is.
    if (this.#held.equals(this.#marker)) this.#state = 'done';
    return parts;
  }
}

/** Bytes of the marker (CONFIG_RUN_ID_SIZE). */
const MARKER_LENGTH = 40;
const MAX_LINE = 1024;

/** The error that stands for what a Redis answered; only its first word is quoted, for the rest may hold anything. */
export function refusal(reply: string): BackupError {
  const [code = ''] = reply.split(' ', 1);
  const meaning: Record<string, string> = {
    LOADING: 'the Redis still loads its data',
    NOMASTERLINK: 'the replica has no link to its primary',
    WRONGPASS: 'the Redis does not know the password of the user backup (yet)',
    NOPERM: 'the Redis does not let the user backup take its data (yet)',
    NOAUTH: 'the Redis does not know the user backup (yet)',
  };
  return unavailable(meaning[code] ?? `the Redis refused with ${JSON.stringify(code)}`);
}

/** A failure of the source that another try may mend. */
export function unavailable(message: string, cause?: unknown): BackupError {
  return new BackupError('SourceUnavailable', message, { cause });
}
