import { Argument, Command, Help, Option } from 'commander';
import { FORMATS } from '../output/output.ts';
import { defineBackups } from './backups.ts';
import { defineData } from './data.ts';
import { createDeclare, exampleText, type Run } from './define.ts';
import { defineStores } from './stores.ts';
import { defineTokens } from './tokens.ts';

/** The shells for which there is a completion script. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;

const GROUP = 'Other:';
const SECRECY = 'A token is never taken from the command line, which every process of a machine can read.';

/**
 * The commands as they are parsed, shown by --help and documented in docs/cli-reference.md. `name` is what the help
 * calls the program.
 */
export function createProgram(run: Run, name = 'cubby'): Command {
  const declare = createDeclare(run);
  const program = new Command(name)
    .description('Work with Cubby: managed Redis stores on Kubernetes, and the keys and values in them.')
    .usage('COMMAND [OPTIONS]')
    .option('-n, --namespace <name>', "the namespace; that of the kubeconfig's context if absent")
    .option('--context <name>', 'a context of the kubeconfig')
    .option('--kubeconfig <file>', 'a kubeconfig; KUBECONFIG or ~/.kube/config if absent')
    .addOption(new Option('-o, --output <format>', 'how answers are shown').choices(FORMATS).default('table'))
    .option('-s, --store <name>', 'the store, where the namespace has several')
    .option('--url <url>', "the data plane's address; CUBBY_URL if absent, else a port-forward")
    .option('--token-file <file>', 'a file with a token; CUBBY_TOKEN if absent, else a Secret of the store')
    .option('--project <id>', 'the project, which a tk_ token needs')
    .option('--system-namespace <name>', 'where Cubby itself is installed', 'cubby-system')
    .helpOption('-h, --help', 'show this help')
    .configureHelp({ formatHelp: commandsFirst, subcommandTerm })
    .addHelpText(
      'after',
      `${exampleText([
        'cubby stores -A',
        `cubby set greeting '{"hello":"world"}' --ttl 1h`,
        'cubby get greeting',
        'cubby upgrade main 8.0',
      ])}\n\n${SECRECY}`,
    );
  defineStores(program, declare);
  defineData(program, declare);
  defineBackups(program, declare);
  defineTokens(program, declare);
  declare(program, GROUP, {
    signature: 'completion',
    description: 'Print the completion script of a shell',
    examples: ['source <(cubby completion bash)', 'cubby completion zsh > ~/.zfunc/_cubby'],
    load: async () => (await import('../commands/completion.ts')).completion,
  }).addArgument(new Argument('<shell>', 'which one').choices(SHELLS));
  declare(program, GROUP, {
    signature: 'version',
    description: 'Print the version',
    examples: ['cubby version'],
    load: async () => (await import('../commands/version.ts')).version,
  });
  const help = new Command('help').argument('[command]').description('Show the help of a command');
  return program.addHelpCommand(help.helpGroup(GROUP));
}

/** The help of the program, what it can do before how to tell it where. */
function commandsFirst(command: Command, helper: Help): string {
  const text = Help.prototype.formatHelp.call(helper, command, helper);
  if (command.parent) return text;
  const sections = text.trimEnd().split('\n\n');
  const isOptions = (section: string) => section.startsWith('Options:');
  const options = sections.filter(isOptions).map((section) => section.replace('Options:', 'Options of every command:'));
  return `${[...sections.filter((section) => !isOptions(section)), ...options].join('\n\n')}\n`;
}

/** A command with its arguments; that there are options says itself. */
export function subcommandTerm(command: Command): string {
  return [command.name(), ...command.registeredArguments.map(bracket)].join(' ');
}

function bracket(argument: Argument): string {
  const name = `${argument.name()}${argument.variadic ? '...' : ''}`;
  return argument.required ? `<${name}>` : `[${name}]`;
}
