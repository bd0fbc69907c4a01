import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { Agent, get } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureBinaries } from './binaries.ts';
import { type Daemon, findFreePorts, startDaemon, waitUntilReady } from './daemon.ts';
import { isAlive } from './process.ts';
import { consoleProgress } from './progress.ts';

/** A real API server over a real etcd, without nodes or controllers: objects are stored and watched, nothing acts on them. */
export interface TestApiServer {
  /** Path of a kubeconfig with every right. */
  kubeconfig: string;
  /** `https://127.0.0.1:<port>`. */
  url: string;
  /** Base URL of etcd's JSON gateway, for tests that compact its history. */
  etcdUrl: string;
  /** Ends the API server at once and starts it again on the same port and data, after `downMs` milliseconds. */
  restart(downMs?: number): Promise<void>;
  /** Ends both servers at once and removes their data. */
  stop(): Promise<void>;
}

const DIRECTORY_PREFIX = 'cubby-apiserver-';
const ATTEMPTS = 3;

/** Starts a `TestApiServer` on free ports of 127.0.0.1; it ends with the calling process at the latest. */
export async function startApiServer(): Promise<TestApiServer> {
  const binaries = await ensureBinaries(['etcd', 'kube-apiserver'], consoleProgress);
  await removeAbandoned();
  for (let attempt = 1; ; attempt++) {
    try {
      return await startIn(
        join(tmpdir(), `${DIRECTORY_PREFIX}${process.pid}-${randomBytes(4).toString('hex')}`),
        binaries,
      );
    } catch (error) {
      // Another process may have taken a port between its choice and its use.
      if (attempt === ATTEMPTS || !String(error).includes('address already in use')) throw error;
    }
  }
}

async function startIn(directory: string, binaries: Record<'etcd' | 'kube-apiserver', string>): Promise<TestApiServer> {
  await mkdir(directory, { mode: 0o700 });
  const [etcdPort = 0, peerPort = 0, port = 0] = await findFreePorts(3);
  const url = `https://127.0.0.1:${port}`;
  const etcdUrl = `http://127.0.0.1:${etcdPort}`;
  const token = randomBytes(16).toString('hex');
  const kubeconfig = join(directory, 'kubeconfig');
  const agent = new Agent({ rejectUnauthorized: false });
  await writeFile(join(directory, 'tokens.csv'), `${token},admin,admin,"system:masters"\n`, { mode: 0o600 });
  await writeFile(join(directory, 'sa.key'), createServiceAccountKey(), { mode: 0o600 });
  await writeFile(kubeconfig, describeAccess(url, join(directory, 'certs/apiserver.crt'), token), { mode: 0o600 });

  const etcd = startDaemon({
    command: binaries.etcd,
    args: etcdArguments(join(directory, 'etcd'), etcdUrl, `http://127.0.0.1:${peerPort}`),
    log: join(directory, 'etcd.log'),
  });
  const startServer = async (): Promise<Daemon> => {
    const log = join(directory, 'kube-apiserver.log');
    const daemon = startDaemon({
      command: binaries['kube-apiserver'],
      args: apiServerArguments(directory, port, etcdUrl),
      log,
    });
    await waitUntilReady(daemon, { name: 'kube-apiserver', log, isReady: () => isOk(`${url}/readyz`, token, agent) });
    return daemon;
  };
  let server: Daemon | undefined;
  const stop = async () => {
    agent.destroy();
    await Promise.all([server?.kill(), etcd.kill()]);
    await rm(directory, { recursive: true, force: true });
  };
  try {
    const log = join(directory, 'etcd.log');
    await waitUntilReady(etcd, { name: 'etcd', log, isReady: async () => (await fetch(`${etcdUrl}/health`)).ok });
    server = await startServer();
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    kubeconfig,
    url,
    etcdUrl,
    stop,
    async restart(downMs = 0) {
      await server?.kill();
      await new Promise((resolve) => setTimeout(resolve, downMs));
      server = await startServer();
    },
  };
}

function etcdArguments(dataDirectory: string, clientUrl: string, peerUrl: string): string[] {
  return [
    `--data-dir=${dataDirectory}`,
    `--listen-client-urls=${clientUrl}`,
    `--advertise-client-urls=${clientUrl}`,
    `--listen-peer-urls=${peerUrl}`,
    `--initial-advertise-peer-urls=${peerUrl}`,
    `--initial-cluster=default=${peerUrl}`,
    '--unsafe-no-fsync',
    '--log-level=warn',
  ];
}

function apiServerArguments(directory: string, port: number, etcdUrl: string): string[] {
  return [
    `--etcd-servers=${etcdUrl}`,
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    `--secure-port=${port}`,
    `--cert-dir=${join(directory, 'certs')}`,
    `--token-auth-file=${join(directory, 'tokens.csv')}`,
    '--authorization-mode=RBAC',
    '--service-cluster-ip-range=10.96.0.0/16',
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${join(directory, 'sa.key')}`,
    `--service-account-signing-key-file=${join(directory, 'sa.key')}`,
    // No controller makes the default ServiceAccount that this plugin would wait for.
    '--disable-admission-plugins=ServiceAccount',
    '--endpoint-reconciler-type=none',
    '--allow-privileged=true',
  ];
}

function createServiceAccountKey(): string {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
}

// JSON is YAML, so a kubeconfig needs no library.
function describeAccess(server: string, certificateAuthority: string, token: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server, 'certificate-authority': certificateAuthority } }],
    users: [{ name: 'admin', user: { token } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'admin' } }],
    'current-context': 'test',
  });
}

function isOk(url: string, token: string, agent: Agent): Promise<boolean> {
  return new Promise((resolve, reject) => {
    get(url, { agent, headers: { authorization: `Bearer ${token}` } }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    }).on('error', reject);
  });
}

/** Removes the data of servers whose process was killed before it could stop them. */
async function removeAbandoned(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const pid = name.startsWith(DIRECTORY_PREFIX) && Number(name.slice(DIRECTORY_PREFIX.length).split('-')[0]);
    if (pid && !isAlive(pid)) await rm(join(tmpdir(), name), { recursive: true, force: true });
  }
}
