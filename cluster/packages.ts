import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './command.ts';
import { withLock } from './lock.ts';
import { cacheDirectory } from './paths.ts';
import type { Progress } from './progress.ts';

/** What image building needs: bootstrapping a Debian root and turning it into an OCI archive. */
export const imagePackages: readonly string[] = [
  'buildah',
  'busybox-static',
  'debian-archive-keyring',
  'mmdebstrap',
  'mount',
];

/**
 * What a node needs: the container runtime, its network plugins and the tools that set up namespaces; and curl, for the
 * commands that `npm start` proposes.
 */
export const nodePackages: readonly string[] = [
  'containerd',
  'containernetworking-plugins',
  'curl',
  'iproute2',
  'iptables',
  'mount',
  'nftables',
  'openssl',
  'procps',
  'runc',
  'tini',
  'util-linux',
];

const policyFile = '/usr/sbin/policy-rc.d';
const policyMark = '# Written by Cubby while it installs packages.';
const log = join(cacheDirectory, 'logs', 'apt.log');

/** Installs those of the named Debian packages that are missing; nothing that they bring is started. */
export async function ensurePackages(names: readonly string[], progress: Progress): Promise<void> {
  await withLock(join(cacheDirectory, 'apt.lock'), async () => {
    const missing = await findMissing(names);
    if (missing.length === 0) return;
    requireDebian(missing);
    await progress.step(`installing ${missing.join(', ')}`, () => withoutServices(() => install(missing)));
  });
}

function requireDebian(missing: readonly string[]): void {
  if (existsSync('/usr/bin/apt-get') && process.getuid?.() === 0) return;
  throw new Error(
    `the packages ${missing.join(', ')} are missing and can be installed only by root on a Debian-like system: ` +
      'install them, run as root, or name a cluster of your own with --kubeconfig',
  );
}

async function findMissing(names: readonly string[]): Promise<string[]> {
  // dpkg-query fails as a whole when one name is unknown to it, yet still prints the known ones.
  const status = await run('sh', [
    '-c',
    `dpkg-query -W -f '\${Package} \${db:Status-Status}\\n' "$@" || true`,
    'sh',
    ...names,
  ]);
  const installed = new Set(status.split('\n').flatMap((line) => /^(\S+) installed$/.exec(line)?.[1] ?? []));
  return names.filter((name) => !installed.has(name));
}

async function install(names: readonly string[]): Promise<void> {
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  const args = ['install', '--yes', '--no-install-recommends', ...names];
  try {
    await run('apt-get', args, { env, log });
  } catch {
    // Absent or outdated package lists are the usual cause.
    await run('apt-get', ['update'], { env, log });
    await run('apt-get', args, { env, log });
  }
}

/** While `work` runs, invoke-rc.d is told to start nothing (exit code 101 of its policy layer). */
async function withoutServices(work: () => Promise<void>): Promise<void> {
  const ours = !existsSync(policyFile) || (await readFile(policyFile, 'utf8')).includes(policyMark);
  if (ours) await writeFile(policyFile, `#!/bin/sh\n${policyMark}\nexit 101\n`, { mode: 0o755 });
  try {
    await work();
  } finally {
    if (ours) await rm(policyFile, { force: true });
  }
}
