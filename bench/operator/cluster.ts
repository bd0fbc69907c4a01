import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'yaml';
import { cloneDirectory } from '../../cluster/paths.ts';
import { startApiServer, type TestApiServer } from '../../cluster/test-apiserver.ts';
import { API_VERSION } from '../../contract/objects.ts';
import type { KubeClient } from '../../kube/client.ts';
import { connect } from '../../kube/config.ts';
import type { KubeObject } from '../../kube/object.ts';
import { namespaces, resource } from '../../kube/resources.ts';

export const kvStores = resource(API_VERSION, 'KVStore', 'kvstores');
const definitions = resource('apiextensions.k8s.io/v1', 'CustomResourceDefinition', 'customresourcedefinitions', false);

export const SYSTEM_NAMESPACE = 'cubby-system';
/** The stores are spread over so many namespaces. */
const TENANTS = 10;

/** An API server with Cubby's CRDs, and the namespaces that a run needs. */
export interface BenchCluster {
  server: TestApiServer;
  client: KubeClient;
  /** Makes namespaces called `prefix`-0, -1, …, and names that of each store by its number. */
  createTenants(prefix: string): Promise<(index: number) => string>;
  stop(): Promise<void>;
}

/** Starts a `BenchCluster`; it has neither nodes nor controllers. */
export async function startBenchCluster(): Promise<BenchCluster> {
  const server = await startApiServer();
  const client = connect({ kubeconfig: server.kubeconfig, userAgent: 'bench', timeoutMs: 120_000 });
  const create = (name: string) =>
    client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  for (const name of ['kvstores', 'kvtokens', 'kvbackups', 'kvbackupschedules']) {
    const text = readFileSync(join(cloneDirectory, `crds/${name}.cubby.dev.yaml`), 'utf8');
    await client.create(definitions, parse(text) as KubeObject);
  }
  await create(SYSTEM_NAMESPACE);
  await until('the CRDs are served', () =>
    client.list(kvStores).then(
      () => true,
      () => false,
    ),
  );
  return {
    server,
    client,
    async createTenants(prefix) {
      const nameOf = (index: number) => `${prefix}-${index % TENANTS}`;
      for (let index = 0; index < TENANTS; index++) await create(nameOf(index));
      return nameOf;
    },
    async stop() {
      client.close();
      await server.stop();
    },
  };
}

/** Asks until the answer is true; rejects, with what was waited for, after `limitMs`. */
export async function until(what: string, holds: () => Promise<boolean>, limitMs = 300_000): Promise<void> {
  const start = performance.now();
  while (!(await holds())) {
    if (performance.now() - start > limitMs) throw new Error(`not within ${limitMs / 1000} s: ${what}`);
    await sleep(50);
  }
}

/** Calls `work` for every number below `count`, so many at a time; resolves with the ms that it took. */
export async function atOnce(
  count: number,
  work: (index: number) => Promise<unknown>,
  connections = CONNECTIONS,
): Promise<number> {
  const start = performance.now();
  let next = 0;
  const worker = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: connections }, worker));
  return performance.now() - start;
}

/** Over how many connections the benchmark's own requests go, unless they are large. */
export const CONNECTIONS = 20;
