import { runEnclosed } from '../../cluster/command.ts';

const MARK = 'CUBBY_BENCH_ENCLOSED';

/** Whether this process was started by `enclosed`. */
export const isEnclosed = process.env[MARK] !== undefined;

/** Does `work` in a process with namespaces of its own, so that what it mounts goes with it however it ends. */
export async function enclosed(part: string, work: () => Promise<void>): Promise<void> {
  if (isEnclosed) return work();
  const [bench = ''] = process.argv.slice(1);
  const args = [...process.execArgv, bench, 'durability', '--only', part];
  const options = { env: { [MARK]: part }, onLine: (line: string) => console.log(line) };
  // What went wrong it has printed itself.
  await runEnclosed(process.execPath, args, options).catch(() => {
    process.exitCode = 1;
  });
}
