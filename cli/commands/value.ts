import { CliError, EXIT } from '../errors.ts';
import type { Session } from '../session.ts';

/** How a value on the command line is to be taken. */
export type ValueMode = 'json' | 'string' | 'either';

/** The most that the API takes, in bytes of JSON. */
const LIMIT_BYTES = 262_144;

/**
 * The JSON text of a value as it was typed: `either` takes what parses for JSON and anything else for a string. JSON is
 * kept to the byte. Throws a CliError of exit `usage` for `json` that does not parse.
 */
export function toJson(text: string, mode: ValueMode): string {
  if (mode === 'string') return JSON.stringify(text);
  try {
    JSON.parse(text);
    return text;
  } catch (error) {
    if (mode === 'either') return JSON.stringify(text);
    throw new CliError(
      EXIT.usage,
      `the value is no JSON: ${(error as Error).message}`,
      'leave out --json to store a string',
    );
  }
}

/** Whether a string was probably meant to be JSON. */
export function looksLikeJson(text: string): boolean {
  return /^\s*[[{"]/.test(text);
}

/** The JSON text of the argument, or of standard input where it is `-`, without its last newline. */
export async function readValue(session: Session, argument: string, mode: ValueMode): Promise<string> {
  const text = argument === '-' ? await readInput(session) : argument;
  const json = toJson(text, mode);
  if (Buffer.byteLength(json) > LIMIT_BYTES) throw tooLarge();
  if (mode === 'either' && json !== text && looksLikeJson(text)) {
    session.output.note(
      'note: the value is no valid JSON, so it is stored as a string; --string says so, --json refuses',
    );
  }
  return json;
}

async function readInput({ stdin, output }: Session): Promise<string> {
  if (stdin.isTTY) output.note('reading the value from the terminal; Ctrl-D ends it');
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stdin as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > LIMIT_BYTES + 1) throw tooLarge();
  }
  return Buffer.concat(chunks)
    .toString()
    .replace(/\r?\n$/, '');
}

const tooLarge = () =>
  new CliError(EXIT.usage, `the value is over ${LIMIT_BYTES} bytes of JSON`, 'split it over several keys');
