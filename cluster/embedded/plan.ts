import { createHash } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { run } from '../command.ts';
import { cloneDirectory, stateDirectory } from '../paths.ts';
import { type componentBinaries, listBaseComponents, listClientComponents } from './components.ts';
import { kubeconfigNames, renderConfiguration, type Snapshotter } from './configuration.ts';
import { deriveLayout, hostDirectory, inside, type Layout } from './layout.ts';
import { ensureCertificates, writeKubeconfig } from './pki.ts';
import { listRecords } from './record.ts';
import type { Plan } from './supervisor.ts';

/** Path of the kubeconfig with every right on this clone's embedded cluster. */
export const kubeconfig: string = join(stateDirectory, 'kubeconfig');

type Binaries = Record<(typeof componentBinaries)[number] | 'kubectl', string>;

/** Decides what this clone's cluster consists of: the plan for its supervisor, and the files that its programs read. */
export async function makePlan(
  layout: Layout,
  binaries: Binaries,
): Promise<{ plan: Plan; files: Record<string, string> }> {
  const files = renderConfiguration(layout, await chooseSnapshotter());
  const base = listBaseComponents(layout, binaries);
  const clients = listClientComponents(layout, binaries);
  const fingerprint = createHash('sha256')
    .update(JSON.stringify([base, clients, files]))
    .digest('hex');
  return { plan: { layout, fingerprint, base, clients, kubectl: binaries.kubectl, kubeconfig }, files };
}

/** The host's IPv4 routes but those to this clone's own cluster, and the subnets that other clones have chosen. */
export async function listForeignRoutes(): Promise<string[]> {
  const own = deriveLayout(cloneDirectory, []).interface;
  const routes = JSON.parse(await run('ip', ['-json', '-4', 'route', 'show', 'table', 'all'])) as {
    dst: string;
    dev?: string;
  }[];
  const others = (await listRecords()).map(({ layout }) => layout).filter((layout) => layout.interface !== own);
  return [
    ...routes.filter(({ dst, dev }) => dev !== own && /^\d/.test(dst)).map(({ dst }) => dst),
    ...others.map(({ subnet }) => subnet),
  ];
}

// Overlay mounts cannot be stacked on a disk that is one itself, as in most containers.
async function chooseSnapshotter(): Promise<Snapshotter> {
  await mkdir(stateDirectory, { recursive: true });
  const type = await run('stat', ['--file-system', '--format=%T', stateDirectory]);
  return type.startsWith('overlay') ? 'native' : 'overlayfs';
}

/** Issues missing certificates and writes the configuration files and the user's kubeconfig. */
export async function writeFiles(layout: Layout, files: Record<string, string>): Promise<void> {
  const pki = hostDirectory(stateDirectory, 'pki');
  const config = hostDirectory(stateDirectory, 'config');
  const server = `https://${layout.nodeAddress}:${inside.apiPort}`;
  await ensureCertificates(pki, layout);
  await rm(config, { recursive: true, force: true });
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(config, name)), { recursive: true });
    await writeFile(join(config, name), text);
  }
  for (const name of kubeconfigNames) await writeKubeconfig(join(config, `${name}.kubeconfig`), pki, name, server);
  await writeKubeconfig(kubeconfig, pki, 'admin', server);
}
