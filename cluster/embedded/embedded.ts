import { ensureBinaries } from '../binaries.ts';
import { run } from '../command.ts';
import { ensureImages, ensureProductImage, nodeBaseImage, nodeImages, redisImages } from '../images.ts';
import { ensurePackages, nodePackages } from '../packages.ts';
import { cloneDirectory } from '../paths.ts';
import type { Progress } from '../progress.ts';
import { type Cluster, nodePortValues } from '../provider.ts';
import { listAddons } from './addons.ts';
import { removeAbandoned, removeCluster } from './cleanup.ts';
import { componentBinaries } from './components.ts';
import { launch, waitFor } from './launch.ts';
import { deriveLayout } from './layout.ts';
import { importImages, isNodeReady, isRuntimeReady, isServerReady } from './node.ts';
import { kubeconfig, listForeignRoutes, makePlan, writeFiles } from './plan.ts';
import { type ClusterRecord, readRecord } from './record.ts';

/** Brings up this clone's embedded cluster, or finds it up. A start that fails leaves nothing running. */
export async function startEmbedded(progress: Progress): Promise<Cluster> {
  requireEmbedded();
  const binaries = await ensureParts(progress);
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
      await wait('the container runtime', () => isRuntimeReady(record));
      await importImages(record, await ensureImages(nodeImages, progress));
      await wait('the node', () => isNodeReady(binaries.kubectl, started));
    } catch (error) {
      await removeCluster(record);
      throw error;
    }
    return describeCluster(record, true);
  });
}

/** Installs and builds what every embedded cluster is made of, where this machine or the user's cache lacks it. */
export async function ensureParts(progress: Progress) {
  await ensurePackages(nodePackages, progress);
  // Compiling keeps the processors busy while bootstrapping waits for downloads.
  const [binaries] = await Promise.all([
    ensureBinaries([...componentBinaries, 'kubectl'], progress),
    ensureImages([...nodeImages, ...redisImages, nodeBaseImage], progress),
  ]);
  return binaries;
}

/** Stops this clone's embedded cluster and cleans up after abandoned ones; the files stay for the next start. */
export async function stopEmbedded(): Promise<boolean> {
  const layout = deriveLayout(cloneDirectory, []);
  const record = await readRecord(layout.id);
  if (process.getuid?.() !== 0) {
    if (record) throw new Error('the embedded cluster runs as root: stop it as root');
    return false;
  }
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
