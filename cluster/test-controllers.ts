import { get } from 'node:https';
import { dirname, join } from 'node:path';
import { ensureBinaries } from './binaries.ts';
import { type Daemon, findFreePorts, startDaemon, waitUntilReady } from './daemon.ts';
import { consoleProgress } from './progress.ts';
import type { TestApiServer } from './test-apiserver.ts';

/** The controllers that a store's life needs: the others would want nodes, or act on what a test plays. */
const CONTROLLERS = [
  'statefulset-controller',
  'garbage-collector-controller',
  'namespace-controller',
  'persistentvolumeclaim-protection-controller',
];

/**
 * Starts the real kube-controller-manager beside a `TestApiServer`: StatefulSets make their pods and claims, what has
 * lost its owner is collected, namespaces are emptied. Start it after the CRDs are served: it learns of later ones only
 * every 30 s. Kill it before the server is stopped; it ends with the calling process at the latest.
 */
export async function startControllers({ kubeconfig }: Pick<TestApiServer, 'kubeconfig'>): Promise<Daemon> {
  const name = 'kube-controller-manager';
  const [binaries, [port = 0]] = await Promise.all([ensureBinaries([name], consoleProgress), findFreePorts(1)]);
  const log = join(dirname(kubeconfig), `${name}.log`);
  const daemon = startDaemon({ command: binaries[name], args: describe(kubeconfig, port), log });
  try {
    await waitUntilReady(daemon, { name, log, isReady: () => isHealthy(port) });
  } catch (error) {
    await daemon.kill();
    throw error;
  }
  return daemon;
}

function describe(kubeconfig: string, port: number): string[] {
  return [
    `--kubeconfig=${kubeconfig}`,
    `--controllers=${CONTROLLERS.join(',')}`,
    '--bind-address=127.0.0.1',
    `--secure-port=${port}`,
    '--leader-elect=false',
    '--kube-api-qps=1000',
    '--kube-api-burst=2000',
    '--concurrent-statefulset-syncs=20',
    '--concurrent-gc-syncs=20',
    '--concurrent-namespace-syncs=10',
  ];
}

// Its certificate is made at start, for this port of the loopback alone.
function isHealthy(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path: '/healthz', rejectUnauthorized: false, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    }).on('error', reject);
  });
}
