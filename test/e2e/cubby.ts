import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { buildCli } from '../../tools/build/cli.ts';
import { type Outcome, type RunOptions, runCubby } from '../integration/cli/cubby.ts';
import { kubeconfig } from './environment.ts';

const root = join(import.meta.dirname, '../..');

/** The command line as a user has it: packed and installed by npm. */
export interface Installed {
  /** The folder of its programs. */
  bin: string;
  /** Runs a program of it on the cluster of `npm start`, or as `env` says. */
  run(args: readonly string[], options?: RunOptions & { as?: string }): Promise<Outcome>;
  remove(): void;
}

/** Builds, packs and installs the package into a folder of its own. */
export async function installCubby(): Promise<Installed> {
  const directory = mkdtempSync(join(tmpdir(), 'cubby-cli-'));
  const source = join(directory, 'package');
  cpSync(join(root, 'cli/package.json'), join(source, 'package.json'));
  await buildCli(root, join(source, 'dist'));
  const npm = (...args: string[]) => execFileSync('npm', args, { cwd: directory, encoding: 'utf8', stdio: 'pipe' });
  npm('pack', '--silent', source);
  const prefix = join(directory, 'installed');
  npm('install', '--global', '--offline', '--no-audit', '--no-fund', '--prefix', prefix, './cubby-dev-cli-0.1.0.tgz');
  const bin = join(prefix, 'bin');
  const path = [bin, dirname(process.execPath), process.env.PATH].join(delimiter);
  return {
    bin,
    run: (args, { as = 'cubby', env, ...options } = {}) =>
      runCubby(args, { ...options, program: [join(bin, as)], env: { KUBECONFIG: kubeconfig, PATH: path, ...env } }),
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}
