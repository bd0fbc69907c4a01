import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureBinaries } from './binaries.ts';
import { run, succeeds } from './command.ts';
import { bundleProduct } from './images.ts';
import { cloneDirectory, stateDirectory } from './paths.ts';
import type { Progress } from './progress.ts';
import { type Cluster, dataPlaneNodePort, nodePortValues } from './provider.ts';

const hash = createHash('sha256').update(cloneDirectory).digest();
const name = `cubby-${hash.toString('hex').slice(0, 8)}`;
const port = 20_000 + (hash.readUInt16BE(2) % 10_000);
const kubeconfig = join(stateDirectory, 'kubeconfig');
const log = join(stateDirectory, 'logs', 'kind.log');

/** Whether a Docker daemon answers, which is what kind needs. */
export function findKind(): Promise<boolean> {
  return succeeds('docker', ['version', '--format', '{{.Server.Version}}']);
}

/**
 * Brings up this clone's kind cluster, or finds it up; its nodes pull the Redis images themselves. Written after kind's
 * documentation and not yet run: the machine of its writing had no Docker.
 */
export async function startKind(progress: Progress): Promise<Cluster> {
  const { kind } = await ensureBinaries(['kind'], progress);
  await mkdir(stateDirectory, { recursive: true });
  const exists = await hasCluster(kind);
  if (exists) {
    await run(kind, ['export', 'kubeconfig', '--name', name, '--kubeconfig', kubeconfig], { log });
  } else {
    const args = ['create', 'cluster', '--name', name, '--kubeconfig', kubeconfig, '--wait', '120s', '--config', '-'];
    await progress.step('creating a kind cluster', (tell) =>
      run(kind, args, { log, input: describeNodes(), onLine: tell }),
    );
  }
  return {
    provider: 'kind',
    kubeconfig,
    chartValues: nodePortValues,
    provideImages: (report) => loadProduct(kind, report),
    connect: async () => `http://127.0.0.1:${port}`,
    async discard() {
      if (!exists) await run(kind, ['delete', 'cluster', '--name', name, '--kubeconfig', kubeconfig], { log });
    },
  };
}

/** Deletes this clone's kind cluster; resolves with whether there was one. */
export async function stopKind(progress: Progress): Promise<boolean> {
  if (!(await findKind())) return false;
  const { kind } = await ensureBinaries(['kind'], progress);
  if (!(await hasCluster(kind))) return false;
  await run(kind, ['delete', 'cluster', '--name', name, '--kubeconfig', kubeconfig], { log });
  return true;
}

async function hasCluster(kind: string): Promise<boolean> {
  return (await run(kind, ['get', 'clusters'], { log })).split('\n').includes(name);
}

function describeNodes(): string {
  const mapping = { containerPort: dataPlaneNodePort, hostPort: port, listenAddress: '127.0.0.1' };
  return JSON.stringify({
    kind: 'Cluster',
    apiVersion: 'kind.x-k8s.io/v1alpha4',
    nodes: [{ role: 'control-plane', extraPortMappings: [mapping] }],
  });
}

async function loadProduct(kind: string, progress: Progress): Promise<string> {
  const { reference } = await bundleProduct(progress);
  await progress.step(`building image ${reference}`, () =>
    run('docker', ['build', '--tag', reference, cloneDirectory], { log }),
  );
  await progress.step('loading it into kind', () =>
    run(kind, ['load', 'docker-image', reference, '--name', name], { log }),
  );
  return reference;
}
