import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { run, succeeds } from './command.ts';
import { withLock } from './lock.ts';
import { cacheDirectory } from './paths.ts';
import type { Progress } from './progress.ts';

/** One Go module of `cluster/go`, whose `tool` directives name what is built from it. */
interface GoModule {
  name: string;
  binaries: readonly string[];
  ldflags?: string;
}

/** In the order in which a start needs them: a node can be brought up while the later ones still build. */
const modules = [
  { name: 'etcd', binaries: ['etcd'] },
  {
    name: 'kubernetes',
    binaries: ['kube-apiserver', 'kube-controller-manager', 'kube-proxy', 'kube-scheduler', 'kubectl', 'kubelet'],
    ldflags: define('k8s.io/component-base/version', { gitVersion: 'v1.35.4', gitMajor: '1', gitMinor: '35' }),
  },
  { name: 'coredns', binaries: ['coredns'] },
  {
    name: 'helm',
    binaries: ['helm'],
    // Without them Helm takes charts for a Kubernetes 1.20 where it knows no cluster (its Makefile).
    ldflags: [
      define('helm.sh/helm/v3/pkg/chartutil', { k8sVersionMajor: '1', k8sVersionMinor: '35' }),
      define('helm.sh/helm/v3/pkg/lint/rules', { k8sVersionMajor: '1', k8sVersionMinor: '35' }),
    ].join(' '),
  },
  { name: 'kind', binaries: ['kind'] },
  { name: 'kubeconform', binaries: ['kubeconform'] },
  { name: 'kwok', binaries: ['kwok'] },
  { name: 'actionlint', binaries: ['actionlint'] },
  { name: 'versitygw', binaries: ['versitygw'] },
] as const satisfies readonly GoModule[];

/** A program that this project builds from its pinned Go module. */
export type BinaryName = (typeof modules)[number]['binaries'][number];

const goDirectory = join(import.meta.dirname, 'go');

/**
 * Resolves with the path of each named program, building those that the user's cache lacks. The cache is keyed by
 * the module's lock files, so another clone finds them and a new version builds anew.
 */
export async function ensureBinaries<Name extends BinaryName>(
  names: readonly Name[],
  progress: Progress,
): Promise<Record<Name, string>> {
  const paths: Partial<Record<Name, string>> = {};
  for (const module of modules) {
    const wanted = names.filter((name) => (module.binaries as readonly string[]).includes(name));
    if (wanted.length === 0) continue;
    const directory = await ensureModule(module, progress);
    for (const name of wanted) paths[name] = join(directory, name);
  }
  return paths as Record<Name, string>;
}

/** Linker flags that set variables of a Go package. */
function define(path: string, values: Record<string, string>): string {
  return Object.entries(values)
    .map(([name, value]) => `-X ${path}.${name}=${value}`)
    .join(' ');
}

async function ensureModule(module: GoModule, progress: Progress): Promise<string> {
  const directory = join(cacheDirectory, 'bin', `${module.name}-${await fingerprint(module)}`);
  if (existsSync(directory)) return directory;
  await requireGo();
  return withLock(`${directory}.lock`, async () => {
    if (!existsSync(directory)) await build(module, directory, progress);
    return directory;
  });
}

async function fingerprint(module: GoModule): Promise<string> {
  const hash = createHash('sha256').update(module.ldflags ?? '');
  for (const file of ['go.mod', 'go.sum']) hash.update(await readFile(join(goDirectory, module.name, file)));
  return hash.digest('hex').slice(0, 12);
}

async function requireGo(): Promise<void> {
  if (await succeeds('go', ['version'])) return;
  throw new Error(
    'Go is not installed, and the programs of the cluster are built with it: install Go 1.26 or newer, ' +
      'or name a cluster of your own with --kubeconfig',
  );
}

async function build(module: GoModule, directory: string, progress: Progress): Promise<void> {
  const half = `${directory}.half`;
  await rm(half, { recursive: true, force: true });
  await mkdir(half, { recursive: true });
  const cwd = join(goDirectory, module.name);
  const env = { CGO_ENABLED: '0', GOFLAGS: '-buildvcs=false -mod=readonly' };
  const log = join(cacheDirectory, 'logs', `build-${module.name}.log`);
  const single = module.binaries.length === 1 ? module.binaries[0] : undefined;
  await progress.step(`building ${module.name}`, async (tell) => {
    tell('fetching modules');
    const total = (await run('go', ['list', '-deps', 'tool'], { cwd, env, log })).split('\n').length;
    let compiled = 0;
    await run(
      'go',
      [
        'build',
        '-v',
        '-trimpath',
        '-ldflags',
        `-s -w ${module.ldflags ?? ''}`,
        '-o',
        join(half, single ?? '/'),
        'tool',
      ],
      { cwd, env, log, onLine: () => tell(`${++compiled} of at most ${total} packages compiled`) },
    );
  });
  await rename(half, directory);
}
