import { basename } from 'node:path';
import { type Command, CommanderError } from 'commander';
import { EXIT, explain } from './errors.ts';
import { createProgram } from './program/program.ts';
import { type GlobalOptions, type OpenSession, openSession } from './session.ts';
import { VERSION } from './version.ts';

/** How long what is open may take to close once somebody wants to leave. */
const LEAVING_MS = 5_000;

/** Runs the command line of a process; resolves with its exit code. */
export async function run(process: NodeJS.Process): Promise<number> {
  const [, script = 'cubby', ...words] = process.argv;
  const called = basename(script).replace(/\.[cm]?[jt]s$/, '');
  if (called === 'kubectl_complete-cubby' || words[0] === '__complete') {
    const { complete } = await import('./commands/complete.ts');
    return complete(process, words[0] === '__complete' ? words.slice(1) : words, called === 'kubectl_complete-cubby');
  }
  if (words.length === 1 && (words[0] === '--version' || words[0] === '-V')) words[0] = 'version';

  const interrupt = new AbortController();
  let session: OpenSession | undefined;
  let exit: number = EXIT.ok;
  const program = createProgram(
    async (load, command) => {
      const options = program.opts<GlobalOptions>();
      session = openSession(options, process, interrupt.signal, `cubby-cli/${VERSION}`);
      const action = await load();
      exit = ((await action(session, command.processedArgs, command.opts())) as number | undefined) ?? EXIT.ok;
    },
    called.startsWith('kubectl') ? 'kubectl cubby' : 'cubby',
  );
  for (const each of withDescendants(program)) each.exitOverride().showSuggestionAfterError();
  // Once: a second Ctrl-C ends at once, whatever is still to be tidied up.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => interrupt.abort(new Error('interrupted')));
  }
  try {
    await (words.length === 0 ? program.help() : program.parseAsync(words, { from: 'user' }));
  } catch (error) {
    exit = interrupt.signal.aborted ? EXIT.interrupted : report(process, error);
  }
  if (session) {
    const late = setTimeout(() => process.exit(exit), LEAVING_MS);
    await session.end();
    clearTimeout(late);
    const left = interrupt.signal.aborted ? session.left() : undefined;
    if (left) process.stderr.write(`cubby: interrupted: ${left}\n`);
  }
  return exit;
}

const DASHED = 'a key or value that begins with a dash goes behind --, as in: cubby set -- KEY --text';

/** Tells what went wrong, and what to do; commander has told its own already. */
function report(process: NodeJS.Process, error: unknown): number {
  if (error instanceof CommanderError) {
    if (error.code === 'commander.unknownOption') process.stderr.write(`  ${DASHED}\n`);
    return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  }
  const { exit, message, remedy } = explain(error);
  process.stderr.write(`cubby: ${message}\n${remedy ? `  ${remedy}\n` : ''}`);
  return exit;
}

function withDescendants(command: Command): Command[] {
  return [command, ...command.commands.flatMap(withDescendants)];
}
