import { styleText } from 'node:util';
import { toYaml } from './json.ts';

/** How answers are shown. */
export const FORMATS = ['table', 'wide', 'json', 'yaml'] as const;
/** One of them. */
export type Format = (typeof FORMATS)[number];

/** A colour by what it means. */
export type Tone = 'good' | 'busy' | 'bad' | 'faint' | 'strong';

const STYLES = { good: 'green', busy: 'yellow', bad: 'red', faint: 'dim', strong: 'bold' } as const;

/** Where answers and progress go. Answers are on standard output, everything else on standard error. */
export interface Output {
  format: Format;
  /** Whether a person reads standard output. */
  isTerminal: boolean;
  /** Columns of the terminal; 80 where there is none. */
  columns: number;
  /** Writes text to standard output; on a terminal, what would steer it is shown as an escape. */
  write(text: string): void;
  /** Writes data as JSON or YAML, or what `table` makes of it. */
  show(data: unknown, table: () => string): void;
  /** Empties the terminal, for what is shown anew. */
  clear(): void;
  /** One line on standard error. */
  note(text: string): void;
  /** Text in a colour, where standard output takes colours. */
  paint(tone: Tone, text: string): string;
}

/** What of a process an output needs. */
export interface Streams {
  stdout: NodeJS.WriteStream;
  stderr: NodeJS.WriteStream;
}

/** An output for a process; colours only on a terminal, and not where NO_COLOR is set (https://no-color.org). */
export function createOutput({ stdout, stderr }: Streams, env: NodeJS.ProcessEnv, format: Format): Output {
  const isTerminal = stdout.isTTY === true;
  const colours = isTerminal && !env.NO_COLOR && env.TERM !== 'dumb';
  const output: Output = {
    format,
    isTerminal,
    columns: stdout.columns ?? 80,
    write: (text) => void stdout.write(isTerminal ? disarm(text) : text),
    show(data, table) {
      if (format === 'json') output.write(`${JSON.stringify(data, null, 2)}\n`);
      else if (format === 'yaml') output.write(toYaml(data));
      else output.write(table());
    },
    clear: () => void stdout.write('\x1b[H\x1b[2J'),
    note: (text) => void stderr.write(`${stderr.isTTY ? disarm(text) : text}\n`),
    paint: (tone, text) => (colours ? styleText(STYLES[tone], text, { validateStream: false }) : text),
  };
  return output;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these steer a terminal, apart from our own colours
const STEERING = /\x1b(?!\[[0-9;]*m)|[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g;

/** Text that cannot steer a terminal: names and values are their writers' text, and a terminal obeys what it is shown. */
export function disarm(text: string): string {
  return text.replace(STEERING, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
