import { randomBytes } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { startDaemon, waitUntilReady } from '../../cluster/daemon.ts';
import { cloneDirectory } from '../../cluster/paths.ts';
import { startApiServer } from '../../cluster/test-apiserver.ts';
import { parseMasterKey, redisPassword } from '../../contract/credentials.ts';
import { API_VERSION } from '../../contract/objects.ts';
import { formatToken, hashToken, TOKEN_RANDOM_BYTES } from '../../contract/token.ts';
import type { KubeClient } from '../../kube/client.ts';
import { connect } from '../../kube/config.ts';
import type { KubeObject } from '../../kube/object.ts';
import { namespaces, resource } from '../../kube/resources.ts';
import { hosts } from './namespace.ts';
import type { Subject } from './peers.ts';
import { type BenchRedis, startBenchRedis } from './stores.ts';

const NAMESPACE = 'bench';
const SYSTEM_NAMESPACE = 'cubby-system';
const kvStores = resource(API_VERSION, 'KVStore', 'kvstores');
const kvTokens = resource(API_VERSION, 'KVToken', 'kvtokens');
const crds = resource('apiextensions.k8s.io/v1', 'CustomResourceDefinition', 'customresourcedefinitions', false);

/** So high that no request is refused, and set, so that every request passes the limiter and the ledger. */
const LIMITS = { requestsPerSecond: 10_000_000, burst: 10_000_000, tokensPerMonth: '1000000000' };

/** The data plane as it ships, and the Redis that it and its peers work on. */
export interface Cubby extends Subject {
  /** Of the data plane's metrics endpoint: the value of a metric without labels. */
  metric(name: string): Promise<number>;
  tokens: Record<'main' | 'cached', string>;
  stores: BenchRedis;
  ledger: BenchRedis;
  stop(): Promise<void>;
}

/**
 * Starts the bundle `program` beside an API server that holds two stores, `main` and `cached`, the ledger, and a token
 * for each of the two: all that the operator would have made, in the states that it would have reported. Its CPU profile
 * is in the folder `profile` once it has stopped.
 */
export async function startCubby(directory: string, program: string, profile?: string): Promise<Cubby> {
  const api = await startApiServer();
  const client = connect({ kubeconfig: api.kubeconfig, userAgent: 'cubby-bench' });
  for (const file of globSync(join(cloneDirectory, 'crds/*.yaml'))) {
    await client.create(crds, parse(readFileSync(file, 'utf8')));
  }
  const masterKey = randomBytes(32).toString('base64');
  const password = (uid: string) => redisPassword(parseMasterKey(masterKey), uid, 1, 'dataplane');
  for (const name of [NAMESPACE, SYSTEM_NAMESPACE]) await createNamespace(client, name);
  const main = await createStore(client, NAMESPACE, 'main', {});
  const cached = await createStore(client, NAMESPACE, 'cached', { reads: 'cached' });
  const ledgerUid = await createStore(client, SYSTEM_NAMESPACE, 'ledger', { projectId: 'cubby-ledger' });
  const stores = await startBenchRedis(directory, hosts.stores, [password(main), password(cached)]);
  const ledger = await startBenchRedis(directory, hosts.ledger, [password(ledgerUid)]);
  const tokens = { main: await createToken(client, 'main'), cached: await createToken(client, 'cached') };

  const [config, key, log] = ['dataplane.json', 'master-key', 'dataplane.log'].map((name) => join(directory, name));
  await writeFile(key ?? '', masterKey);
  await writeFile(
    config ?? '',
    JSON.stringify({
      host: '127.0.0.1',
      port: 0,
      metricsPort: 0,
      masterKeyFile: key,
      drainSeconds: 0,
      ledger: { namespace: SYSTEM_NAMESPACE, name: 'ledger' },
    }),
  );
  const profiling = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`];
  const args = [...profiling, program, '--config', config ?? '', '--kubeconfig', api.kubeconfig];
  const daemon = startDaemon({
    command: process.execPath,
    args,
    log: log ?? '',
    env: { NODE_ENV: 'production' },
  });
  const listening = async () => /"port":(\d+),"metricsPort":(\d+)/.exec(await readFile(log ?? '', 'utf8'));
  const isReady = async () => {
    const ports = await listening();
    return ports !== null && (await fetch(`http://127.0.0.1:${ports[1]}/readyz`)).ok;
  };
  await waitUntilReady(daemon, { name: 'the data plane', log: log ?? '', isReady });
  const [, port, metricsPort] = (await listening()) ?? [];
  for (const token of Object.values(tokens)) await requireMetered(`http://127.0.0.1:${port}/infra/kv/any`, token);
  return {
    pid: daemon.pid,
    port: Number(port),
    async metric(name) {
      const text = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
      return Number(new RegExp(`^${name} (.*)$`, 'm').exec(text)?.[1]);
    },
    tokens,
    stores,
    ledger,
    async stop() {
      await daemon.kill('SIGTERM');
      client.close();
      await stores.stop();
      await ledger.stop();
      await api.stop();
    },
  };
}

async function createNamespace(client: KubeClient, name: string): Promise<void> {
  await client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
}

/** A store that serves; its uid. */
async function createStore(client: KubeClient, namespace: string, name: string, spec: object): Promise<string> {
  const key = { namespace, name };
  const common = { version: '8.0', memory: '1Gi' };
  const created = await client.create<KubeObject & { metadata: { uid: string } }>(kvStores, {
    apiVersion: API_VERSION,
    kind: 'KVStore',
    metadata: key,
    spec: { ...common, ...spec },
  } as never);
  const endpoint = { host: `${name}-redis.${namespace}.svc`, port: 6379 };
  const status = { endpoint, credentialGeneration: 1, limits: LIMITS };
  await client.patch(kvStores, key, { status }, { type: 'merge', subresource: 'status' });
  return created.metadata.uid;
}

async function createToken(client: KubeClient, store: string): Promise<string> {
  const token = formatToken('Project', randomBytes(TOKEN_RANDOM_BYTES));
  const key = { namespace: NAMESPACE, name: store };
  const spec = { type: 'Project', storeRef: { name: store } };
  await client.create(kvTokens, { apiVersion: API_VERSION, kind: 'KVToken', metadata: key, spec });
  const status = { hashes: [hashToken(token)] };
  await client.patch(kvTokens, key, { status }, { type: 'merge', subresource: 'status' });
  return token;
}

/** Throws unless requests pass the rate limit and the budget: otherwise the figures would not say what they claim. */
async function requireMetered(url: string, token: string): Promise<void> {
  const { headers, status } = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
  for (const name of ['x-ratelimit-remaining', 'x-tokens-charged', 'x-tokens-remaining']) {
    if (!headers.has(name)) throw new Error(`the data plane answers ${status} without the header ${name}`);
  }
}
