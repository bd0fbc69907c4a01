import type { Command, Option } from 'commander';
import { kvBackupSchedules, kvBackups, kvTokens } from '../access/kinds.ts';
import { listStores } from '../access/stores.ts';
import { createProgram } from '../program/program.ts';
import { type GlobalOptions, openSession, type Session } from '../session.ts';
import { VERSION } from '../version.ts';

/** A word that may stand under the cursor, and what it is. */
export interface Candidate {
  word: string;
  about: string;
}

/** What kubectl is told after the candidates: no file names (cobra's ShellCompDirectiveNoFileComp). */
const NO_FILES = ':4';
/** Somebody waits with a finger on the key. */
const TIMEOUT_MS = 2_000;

/** Prints the candidates for the last of the words, one to a line; never fails, because a prompt is no place for errors. */
export async function complete(process: NodeJS.Process, words: string[], forKubectl: boolean): Promise<number> {
  const program = createProgram(async () => {});
  const { candidates, wanted, options } = propose(program, words);
  const found = wanted ? await look(process, wanted, options).catch(() => []) : [];
  const prefix = words.at(-1) ?? '';
  const lines = [...candidates, ...found].filter(({ word }) => word.startsWith(prefix));
  process.stdout.write(lines.map(({ word, about }) => `${word}\t${about}\n`).join(''));
  if (forKubectl) process.stdout.write(`${NO_FILES}\n`);
  return 0;
}

/** What only the cluster knows. */
export type Wanted = 'store' | 'token' | 'backup' | 'schedule' | 'namespace';

/** What the program itself can say of the last word: candidates, and what to ask the cluster for. */
export function propose(program: Command, words: readonly string[]) {
  let command = program;
  let expecting: Option | undefined;
  let position = 0;
  const options: Partial<GlobalOptions> = {};
  for (const word of words.slice(0, -1)) {
    if (expecting) {
      Object.assign(options, { [expecting.attributeName()]: word });
      expecting = undefined;
    } else if (word.startsWith('-')) {
      const option = optionsOf(program, command).find(({ long, short }) => word === long || word === short);
      expecting = option?.required ? option : undefined;
    } else {
      const next = position === 0 ? command.commands.find((each) => each.name() === word) : undefined;
      if (next) command = next;
      else position++;
    }
  }
  const last = words.at(-1) ?? '';
  if (expecting) return { candidates: choices(expecting.argChoices), wanted: wantedBy(expecting), options };
  if (last.startsWith('-'))
    return { candidates: optionsOf(program, command).map(ofOption), wanted: undefined, options };
  const { registeredArguments: declared } = command;
  const argument = declared[position] ?? (declared.at(-1)?.variadic ? declared.at(-1) : undefined);
  const commands = position === 0 ? command.commands : [];
  const candidates = [...commands.map(ofCommand), ...choices(argument?.argChoices)];
  return { candidates, wanted: argument && wantedAs(argument.name(), command), options };
}

const optionsOf = (program: Command, command: Command) =>
  command === program ? [...program.options] : [...command.options, ...program.options];
const ofOption = ({ long, short, description }: Option): Candidate => ({
  word: long ?? short ?? '',
  about: description,
});
const ofCommand = (command: Command): Candidate => ({ word: command.name(), about: command.description() });
const choices = (words: readonly string[] | undefined) => (words ?? []).map((word) => ({ word, about: '' }));

/** What an argument of that name is; `name` is that of what the command is about. */
function wantedAs(name: string, command: Command): Wanted | undefined {
  if (name === 'name') return command.parent?.name() === 'token' ? 'token' : 'store';
  return name === 'store' || name === 'backup' || name === 'schedule' ? name : undefined;
}

function wantedBy({ long }: Option): Wanted | undefined {
  if (long === '--store') return 'store';
  if (long === '--backup') return 'backup';
  return long === '--namespace' || long === '--system-namespace' ? 'namespace' : undefined;
}

async function look(process: NodeJS.Process, wanted: Wanted, options: Partial<GlobalOptions>): Promise<Candidate[]> {
  const { signal } = new AbortController();
  const all: GlobalOptions = { output: 'table', systemNamespace: 'cubby-system', ...options };
  const session = openSession(all, process, signal, `cubby-cli/${VERSION}`);
  const late = new Promise<Candidate[]>((resolve) => setTimeout(resolve, TIMEOUT_MS, []).unref());
  try {
    return await Promise.race([ask(session, wanted), late]);
  } finally {
    await session.end();
  }
}

async function ask(session: Session, wanted: Wanted): Promise<Candidate[]> {
  const { client } = await session.cluster();
  if (wanted === 'namespace') {
    // The namespaces that have a store: the rest are of no use here, and take a right that few have.
    const stores = await listStores(client, undefined);
    return [...new Set(stores.map(({ metadata }) => metadata.namespace))].map((word) => ({ word, about: '' }));
  }
  const namespace = await session.namespace();
  const kinds = { token: kvTokens, backup: kvBackups, schedule: kvBackupSchedules };
  const items =
    wanted === 'store' ? await listStores(client, namespace) : (await client.list(kinds[wanted], { namespace })).items;
  return items.map(({ metadata }) => ({ word: metadata.name, about: wanted }));
}
