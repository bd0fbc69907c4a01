import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ensureBinaries } from '../binaries.ts';
import { type RunOptions, run, succeeds } from '../command.ts';
import {
  ensureImages,
  ensureProductImage,
  type ImageArchive,
  nodeBaseImage,
  nodeImages,
  redisImages,
} from '../images.ts';
import { ensurePackages, nodePackages } from '../packages.ts';
import { cloneDirectory, stateDirectory } from '../paths.ts';
import { isSame } from '../process.ts';
import type { Progress } from '../progress.ts';
import { type Cluster, nodePortValues } from '../provider.ts';
import { listAddons } from './addons.ts';
import { removeAbandoned, removeCluster } from './cleanup.ts';
import { componentBinaries, listBaseComponents, listClientComponents } from './components.ts';
import { kubeconfigNames, renderConfiguration, type Snapshotter } from './configuration.ts';
import { deriveLayout, hostDirectory, inside, type Layout } from './layout.ts';
import { enter } from './namespaces.ts';
import { ensureCertificates, writeKubeconfig } from './pki.ts';
import { type ClusterRecord, listRecords, readRecord } from './record.ts';
import type { Plan } from './supervisor.ts';

const READY_MS = 120_000;

const kubeconfig = join(stateDirectory, 'kubeconfig');
const logDirectory = join(stateDirectory, 'logs');
const supervisorLog = join(logDirectory, 'supervisor.log');

/** Brings up this clone's embedded cluster, or finds it up. A start that fails leaves nothing running. */
export async function startEmbedded(progress: Progress): Promise<Cluster> {
  requireEmbedded();
  await ensurePackages(nodePackages, progress);
  // Compiling keeps the processors busy while bootstrapping waits for downloads.
  const [binaries] = await Promise.all([
    ensureBinaries([...componentBinaries, 'kubectl'], progress),
    ensureImages([...nodeImages, ...redisImages, nodeBaseImage], progress),
  ]);
  await removeAbandoned();
  const running = await readRecord(deriveLayout(cloneDirectory, []).id);
  const layout = running?.layout ?? deriveLayout(cloneDirectory, await listForeignRoutes());
  const { plan, files } = await makePlan(layout, binaries);
  if (running && running.fingerprint === plan.fingerprint && (await isNodeReady(binaries.kubectl, new Date(0)))) {
    return describeCluster(running, false);
  }
  if (running) await progress.step('stopping an older or broken cluster', () => removeCluster(running));
  return progress.step('starting the cluster', async (tell) => {
    tell('issuing certificates');
    await writeFiles(plan.layout, files);
    const started = new Date();
    const record = await launch(plan, tell);
    try {
      const wait = (what: string, isDone: () => Promise<boolean>) => waitFor(record, what, isDone, tell);
      await wait('the API server', () => isServerReady(binaries.kubectl));
      const input = listAddons(plan.layout)
        .map((object) => JSON.stringify(object))
        .join('\n');
      // Forced, because what an earlier version of this program left may differ in fields that cannot change.
      await run(binaries.kubectl, ['--kubeconfig', kubeconfig, 'apply', '--force', '-f', '-'], { input });
      await importImages(record, await ensureImages(nodeImages, progress));
      await wait('the node', () => isNodeReady(binaries.kubectl, started));
    } catch (error) {
      await removeCluster(record);
      throw error;
    }
    return describeCluster(record, true);
  });
}

/** Stops this clone's embedded cluster and cleans up after abandoned ones; the files stay for the next start. */
export async function stopEmbedded(): Promise<boolean> {
  const layout = deriveLayout(cloneDirectory, []);
  const record = await readRecord(layout.id);
  if (record) await removeCluster(record);
  await removeAbandoned();
  return record !== undefined;
}

/** Throws, with the ways out, where the embedded cluster cannot run at all. */
export function requireEmbedded(): void {
  if (process.platform === 'linux' && process.getuid?.() === 0) return;
  throw new Error(
    'the embedded cluster needs Linux and root: run as root, start Docker so that kind can be used, ' +
      'or name a cluster of your own with --kubeconfig',
  );
}

type Binaries = Record<(typeof componentBinaries)[number] | 'kubectl', string>;

async function makePlan(layout: Layout, binaries: Binaries): Promise<{ plan: Plan; files: Record<string, string> }> {
  const files = renderConfiguration(layout, await chooseSnapshotter());
  const base = listBaseComponents(layout, binaries);
  const clients = listClientComponents(layout, binaries);
  const fingerprint = createHash('sha256')
    .update(JSON.stringify([base, clients, files]))
    .digest('hex');
  return { plan: { layout, fingerprint, base, clients, kubectl: binaries.kubectl, kubeconfig }, files };
}

/** The host's IPv4 routes but those to this clone's own cluster, and the subnets that other clones have chosen. */
async function listForeignRoutes(): Promise<string[]> {
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

async function writeFiles(layout: Layout, files: Record<string, string>): Promise<void> {
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

async function launch(plan: Plan, tell: (detail: string) => void): Promise<ClusterRecord> {
  tell('making namespaces');
  mkdirSync(logDirectory, { recursive: true });
  const planFile = join(stateDirectory, 'plan.json');
  await writeFile(planFile, JSON.stringify(plan, null, 2));
  const output = openSync(supervisorLog, 'w');
  const supervisor = spawn(process.execPath, [join(import.meta.dirname, 'supervisor.ts'), planFile], {
    cwd: cloneDirectory,
    detached: true,
    stdio: ['ignore', output, output],
  });
  closeSync(output);
  supervisor.unref();
  while (supervisor.exitCode === null && supervisor.signalCode === null) {
    const record = await readRecord(plan.layout.id);
    if (record?.holder && record.supervisor.pid === supervisor.pid) return record;
    await sleep(50);
  }
  throw new Error(`the cluster could not be set up; see ${supervisorLog}\n${await readFile(supervisorLog, 'utf8')}`);
}

async function waitFor(
  record: ClusterRecord,
  what: string,
  isDone: () => Promise<boolean>,
  tell: (detail: string) => void,
): Promise<void> {
  tell(`waiting for ${what}`);
  const deadline = Date.now() + READY_MS;
  while (!(await isDone())) {
    if (!isSame(record.supervisor)) throw new Error(`the cluster ended while it was starting; see ${supervisorLog}`);
    if (Date.now() > deadline) throw new Error(`${what} is not ready after ${READY_MS / 1000} s; see ${logDirectory}`);
    await sleep(100);
  }
}

function isServerReady(kubectl: string): Promise<boolean> {
  return succeeds(kubectl, ['--kubeconfig', kubeconfig, 'get', '--raw', '/readyz', '--request-timeout=2s']);
}

/** Whether the kubelet has said since `since` that the node is ready; what is stored may be from before a stop. */
async function isNodeReady(kubectl: string, since: Date): Promise<boolean> {
  const path = '{range .status.conditions[?(@.type=="Ready")]}{.status} {.lastHeartbeatTime}{end}';
  const args = [
    '--kubeconfig',
    kubeconfig,
    'get',
    'node',
    inside.nodeName,
    '-o',
    `jsonpath=${path}`,
    '--request-timeout=2s',
  ];
  const [status, heartbeat = ''] = (await run(kubectl, args).catch(() => '')).split(' ');
  // Heartbeats are in whole seconds.
  return status === 'True' && Date.parse(heartbeat) + 999 >= since.getTime();
}

function describeCluster(record: ClusterRecord, isNew: boolean): Cluster {
  return {
    provider: 'embedded',
    kubeconfig,
    chartValues: nodePortValues,
    async provideImages(progress) {
      const product = await ensureProductImage(progress);
      const redis = await ensureImages(redisImages, progress);
      await progress.step('loading images', () => importImages(record, [product, ...redis]));
      return product.reference;
    },
    connect: async () => `http://127.0.0.1:${record.port}`,
    discard: async () => (isNew ? removeCluster(record) : undefined),
  };
}

/** A loaded image is labelled with the name of its archive, which changes with its content. */
const archiveLabel = 'cubby.dev/archive';

async function importImages({ holder }: ClusterRecord, images: readonly ImageArchive[]): Promise<void> {
  if (!holder) throw new Error('the cluster has no namespaces: stop it with `npm run stop` and start again');
  const ctr = (args: readonly string[], options?: RunOptions) =>
    run(...enter(holder.pid, 'ctr', ['--namespace', 'k8s.io', 'images', ...args]), options);
  for (const { reference, archive } of images) {
    const label = `${archiveLabel}=${basename(archive)}`;
    if ((await ctr(['list', `name==${reference}`])).includes(label)) continue;
    // By standard input, as what is new in the host's /tmp may be hidden from inside.
    await ctr(['import', '-'], { inputFile: archive });
    await ctr(['label', reference, label]);
  }
}
