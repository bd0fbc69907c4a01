// `npm start`: a cluster, Cubby in it, the quickstart, and a value written and read through the data plane.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { describeInstallation } from './closing.ts';
import { applyQuickstart, createKubectl, installChart, tryQuickstart, writeEnvironment } from './install.ts';
import { withLock } from './lock.ts';
import { stateDirectory } from './paths.ts';
import { consoleProgress, type Progress } from './progress.ts';
import type { Cluster } from './provider.ts';
import { ensureCluster, requireCluster } from './up.ts';

const HELP = `npm start [-- OPTION…]

Brings up a cluster, installs Cubby with a store, a token and an admin key, and writes and reads a value. Safe to repeat.

  --kubeconfig FILE  use that cluster (also CUBBY_KUBECONFIG); it pulls CUBBY_IMAGE
  --cluster-only     stop once the cluster is up
  --help             print this

Without a named cluster: kind where a Docker daemon answers, else an embedded cluster (Linux, root, Go, Debian packages).
`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      kubeconfig: { type: 'string' },
      'cluster-only': { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return void process.stdout.write(HELP);
  await requireCluster(values.kubeconfig);
  await withLock(join(stateDirectory, 'start.lock'), () => bringUp(values.kubeconfig, values['cluster-only']));
}

async function bringUp(kubeconfig: string | undefined, clusterOnly: boolean): Promise<void> {
  const started = Date.now();
  const progress = consoleProgress;
  const cluster = await ensureCluster({ kubeconfig, progress });
  try {
    if (!clusterOnly) await installProduct(cluster, progress);
    const url = await cluster.connect();
    await writeEnvironment(cluster.kubeconfig, url, progress);
    if (clusterOnly) return console.log(`KUBECONFIG=${cluster.kubeconfig}`);
    await tryQuickstart(await createKubectl(cluster.kubeconfig, progress), url, progress);
    console.log(describeInstallation(url, cluster.kubeconfig, Date.now() - started));
  } catch (error) {
    await cluster.discard();
    throw error;
  }
}

async function installProduct(cluster: Cluster, progress: Progress): Promise<void> {
  const image = await cluster.provideImages(progress);
  const kubectl = await createKubectl(cluster.kubeconfig, progress);
  await installChart(cluster, kubectl, image, progress);
  await applyQuickstart(kubectl, progress);
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    process.stderr.write('\ninterrupted; `npm run stop` takes down what is up, `npm start` goes on from here\n');
    process.exit(130);
  });
}
try {
  await main();
} catch (error) {
  process.stderr.write(`\n${error instanceof Error ? describeError(error) : error}\n`);
  process.exit(1);
}

function describeError(error: Error): string {
  return error.cause instanceof Error ? `${error.message}\n${error.cause.message}` : error.message;
}
