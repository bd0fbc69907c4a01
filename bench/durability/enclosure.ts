import { runEnclosed } from '../../cluster/command.ts';

const MARK = 'CUBBY_BENCH_ENCLOSED';

/** Whether this process was started by `enclosed`. */
export const isEnclosed = process.env[MARK] !== undefined;

/** Does `work` in a process with namespaces of its own, so that what it mounts goes with it however it ends. */
export function enclosed(part: string, work: () => Promise<void>): Promise<void> {
  return enclose(part, work, []);
}

/** As `enclosed`, with a network of its own besides, in which nothing is up. */
export function enclosedWithNetwork(part: string, work: () => Promise<void>): Promise<void> {
  return enclose(part, work, ['unshare', '--net', '--']);
}

async function enclose(part: string, work: () => Promise<void>, before: readonly string[]): Promise<void> {
  if (isEnclosed) return work();
  const [bench = ''] = process.argv.slice(1);
  const words = [...before, process.execPath, ...process.execArgv, bench, 'durability', '--only', part];
  const [command = '', ...args] = words;
  const options = { env: { [MARK]: part }, onLine: (line: string) => console.log(line) };
  // What went wrong it has printed itself.
  await runEnclosed(command, args, options).catch(() => {
    process.exitCode = 1;
  });
}
