/**
 * Commands as they go over the wire: one character per byte, or, where they hold long values, such text and those values
 * in turn, which are sent from where they are. Text joins to text by `+`.
 */
export type Encoded = string | readonly (string | Buffer)[];

/** A word of a command: text is sent as UTF-8. */
export type Arg = string | number | Buffer;

/** Up to so many bytes a value is cheaper copied into the text than handed to the kernel as a piece of its own. */
const INLINE_BYTES = 4096;

/** A command as a RESP array of bulk strings (https://redis.io/docs/latest/develop/reference/protocol-spec/). */
export function encode(args: readonly Arg[]): Encoded {
  let text = `*${args.length}\r\n`;
  let pieces: (string | Buffer)[] | undefined;
  for (const arg of args) {
    if (typeof arg === 'string') text += bulk(arg);
    else if (typeof arg === 'number') text += bulk(String(arg));
    else if (arg.length <= INLINE_BYTES) text += `$${arg.length}\r\n${arg.toString('latin1')}\r\n`;
    else {
      pieces ??= [];
      pieces.push(`${text}$${arg.length}\r\n`, arg);
      text = '\r\n';
    }
  }
  if (!pieces) return text;
  pieces.push(text);
  return pieces;
}

/** Commands one after another. */
export function join(commands: readonly Encoded[]): Encoded {
  const pieces: (string | Buffer)[] = [];
  let text = '';
  for (const command of commands) {
    if (typeof command === 'string') {
      text += command;
      continue;
    }
    for (const piece of command) {
      if (typeof piece === 'string') text += piece;
      else {
        pieces.push(text, piece);
        text = '';
      }
    }
  }
  if (pieces.length === 0) return text;
  pieces.push(text);
  return pieces;
}

/** One word, for commands whose other words are written out beforehand. */
export function bulk(text: string): string {
  const bytes = Buffer.byteLength(text);
  // As many bytes as UTF-16 units: all of them ASCII, and so the same in both encodings.
  if (bytes === text.length) return `$${bytes}\r\n${text}\r\n`;
  return `$${bytes}\r\n${Buffer.from(text).toString('latin1')}\r\n`;
}
