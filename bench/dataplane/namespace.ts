import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const MARK = 'CUBBY_BENCH_NAMESPACE';

/** Addresses of the namespace's loopback, by the Service names under which the data plane looks for its stores. */
export const hosts = {
  stores: '127.0.1.1',
  ledger: '127.0.1.2',
};

/** Whether this process was started by `runInNamespace`. */
export const inNamespace = process.env[MARK] !== undefined;

/**
 * Runs this very command again in a network and a mount namespace of its own, and resolves to its exit code. There the
 * names of stores' Services lead to Redis of this machine at its usual port, and nothing else is on the network.
 */
export async function runInNamespace(directory: string): Promise<number> {
  const file = join(directory, 'hosts');
  const names = {
    '127.0.0.1': 'localhost',
    [hosts.stores]: 'main-redis.bench.svc cached-redis.bench.svc',
    [hosts.ledger]: 'ledger-redis.cubby-system.svc',
  };
  await writeFile(
    file,
    Object.entries(names).map(([address, name]) => `${address} ${name}\n`),
  );
  const script = 'ip link set lo up && mount --bind "$1" /etc/hosts && shift && exec "$@"';
  const command = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  const child = spawn('unshare', ['--net', '--mount', 'sh', '-c', script, 'sh', file, ...command], {
    stdio: 'inherit',
    env: { ...process.env, [MARK]: directory },
  });
  return new Promise((resolve, reject) => child.once('error', reject).once('exit', (code) => resolve(code ?? 1)));
}
