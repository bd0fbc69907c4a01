import { EXIT_MEANINGS } from '../../cli/errors.ts';
import { createProgram } from '../../cli/program/program.ts';
import { cell, code, generatedFrom, page, table } from './markdown.ts';

type Command = ReturnType<typeof createProgram>;
type Option = Command['options'][number];

/** The reference page of the command line: every command with its arguments, options and examples, as --help has them. */
export function cliReference(): string {
  const program = createProgram(async () => {});
  return page(
    '# Commands of cubby',
    generatedFrom('cli/program'),
    'As `cubby COMMAND --help` shows them. [The command line](../cli.md) tells how to install it and how it finds a store.',
    '## Options of every command',
    options(program),
    '## Exit codes',
    table(
      ['code', 'meaning'],
      EXIT_MEANINGS.map(([exit, meaning]) => [code(String(exit)), cell(meaning)]),
    ),
    ...documented(program).map(section),
  );
}

/** The commands that do something, in the order of the help. */
export function documented(command: Command): Command[] {
  return command.commands
    .filter((each) => each.name() !== 'help')
    .flatMap((each) => (each.commands.length > 0 ? documented(each) : [each]));
}

/** A command with its parents, as it is typed. */
export function fullName(command: Command): string {
  return command.parent ? `${fullName(command.parent)} ${command.name()}` : command.name();
}

function section(command: Command): string {
  const own = command.options.length > 0 ? options(command) : undefined;
  const usage = `${fullName(command)} ${command.usage()}`;
  return page(
    `## ${fullName(command)}`,
    `${command.description()}.`,
    fence(usage),
    own,
    arguments_(command),
    remarks(command),
  );
}

function options(command: Command): string {
  return table(
    ['option', 'default', 'meaning'],
    command.options.map((option) => [code(option.flags), fallback(option), cell(meaning(option))]),
  );
}

const meaning = ({ description, argChoices }: Option) =>
  argChoices ? `${description}: ${argChoices.join(', ')}` : description;

function fallback({ defaultValue, defaultValueDescription, negate }: Option): string {
  return defaultValue === undefined || negate ? '' : code(defaultValueDescription ?? defaultValue);
}

function arguments_(command: Command): string | undefined {
  const described = command.registeredArguments.filter(({ description }) => description !== '');
  if (described.length === 0) return undefined;
  return described.map((argument) => `- ${code(argument.name())}: ${argument.description}\n`).join('');
}

/** What the help says behind the options: remarks as text, examples as a block. */
function remarks(command: Command): string {
  let text = '';
  const write = (more: string) => {
    text += more;
  };
  command.configureOutput({ writeOut: write, writeErr: write }).outputHelp();
  const [, after = ''] = text.split(/\n {2}-h, --help[^\n]*\n/);
  const [about = '', examples = ''] = after.split('Examples:\n');
  const lines = examples.split('\n\n')[0] ?? '';
  return page(about.trim().replaceAll('<', '&lt;') || undefined, fence(lines.replace(/^ {2}/gm, '')));
}

const fence = (text: string) => `\`\`\`text\n${text.trimEnd()}\n\`\`\``;
