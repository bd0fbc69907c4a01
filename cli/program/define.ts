import { type Command, InvalidArgumentError, Option } from 'commander';
import { parseSeconds } from '../output/words.ts';
import type { Session } from '../session.ts';

/** What a command does: `options` are its own, without the global ones. Resolves with an exit code, or nothing for 0. */
// biome-ignore lint/suspicious/noExplicitAny: each command knows its own arguments and options, as they are declared
export type Action = (session: Session, args: any, options: any) => Promise<unknown>;

/** Loads an action. The module that has it is loaded when it runs and not before, which keeps the start short. */
export type Load = () => Promise<Action>;

/** Runs the action of a parsed command. */
export type Run = (load: Load, command: Command) => Promise<void>;

/** A command to declare. */
export interface Declaration {
  /** Name and arguments, as `set <key> <value>`. */
  signature: string;
  description: string;
  /** Lines of a shell. */
  examples: readonly string[];
  /** What the help says beside, between options and examples. */
  remarks?: string;
  load: Load;
  /** Whether it is what the parent does where no command of its own is named. */
  isDefault?: true;
}

const GLOBAL = 'Options of every command, such as --namespace and --output: cubby --help';

/** Adds a command to a parent. */
export type Declare = (parent: Command, group: string, declaration: Declaration) => Command;

/** Adds commands whose actions `run` runs. */
export function createDeclare(run: Run): Declare {
  return (parent, group, { signature, description, examples, remarks, load, isDefault = false }) =>
    parent
      .command(signature, { isDefault })
      .helpGroup(group)
      .description(description)
      .addHelpText('after', `${remarks ? `\n${remarks}\n` : ''}${exampleText(examples)}\n\n${GLOBAL}`)
      .action((...parts: unknown[]) => run(load, parts.at(-1) as Command));
}

/** Lines of a shell as a help shows them. */
export function exampleText(lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  $ ${line}`).join('\n')}`;
}

/** Adds `--timeout`, in seconds. */
export function addTimeout(command: Command, what: string, fallback: string): Command {
  const option = new Option('--timeout <time>', what).argParser(seconds).default(parseSeconds(fallback), fallback);
  return command.addOption(option);
}

/** Parses a span of time; in seconds. */
export function seconds(text: string): number {
  const parsed = parseSeconds(text);
  if (parsed === undefined) throw new InvalidArgumentError('Write for example 90s, 10m, 1h30m or 7d.');
  return parsed;
}

/** A parser of whole numbers between two. */
export function integer(least: number, most: number): (text: string) => number {
  return (text) => {
    const parsed = Number(text);
    if (text.trim() !== '' && Number.isInteger(parsed) && parsed >= least && parsed <= most) return parsed;
    throw new InvalidArgumentError(`Write a whole number from ${least} to ${most}.`);
  };
}

/** Parses any number. */
export function number(text: string): number {
  const parsed = Number(text);
  if (text.trim() !== '' && Number.isFinite(parsed)) return parsed;
  throw new InvalidArgumentError('Write a number.');
}
