import { appendFile, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureBinaries } from './binaries.ts';
import { run, succeeds } from './command.ts';
import { cloneDirectory, stateDirectory } from './paths.ts';
import type { Progress } from './progress.ts';
import type { Cluster } from './provider.ts';

/** The namespace in which Cubby is installed. */
export const systemNamespace = 'cubby-system';
const release = 'cubby';
const WAIT = '180s';

/** Where the commands of an installation are written down, and what the cluster says when one of them fails. */
export const installLog: string = join(stateDirectory, 'logs', 'install.log');

/** kubectl of the pinned version on one cluster; rejects with what it printed. */
export type Kubectl = (
  args: readonly string[],
  options?: { input?: string; onLine?: (line: string) => void },
) => Promise<string>;

/** kubectl on the cluster of `kubeconfig`. */
export async function createKubectl(kubeconfig: string, progress: Progress): Promise<Kubectl> {
  const { kubectl } = await ensureBinaries(['kubectl'], progress);
  return (args, options = {}) => run(kubectl, ['--kubeconfig', kubeconfig, ...args], { ...options, log: installLog });
}

/**
 * Installs or upgrades the chart with `image` and waits until both processes are available. When they do not become
 * so, the cluster's view of it goes to `installLog`, and the release before it, if any, is put back.
 */
export async function installChart(
  cluster: Cluster,
  kubectl: Kubectl,
  image: string,
  progress: Progress,
): Promise<void> {
  const { helm } = await ensureBinaries(['helm'], progress);
  const helmArguments = ['--kubeconfig', cluster.kubeconfig, '--namespace', systemNamespace];
  await mkdir(join(stateDirectory, 'logs'), { recursive: true });
  await kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], {
    input: JSON.stringify(describeNamespace()),
  });
  const isFirst = !(await succeeds(helm, ['status', release, ...helmArguments]));
  const values = { ...splitReference(image), ...cluster.chartValues };
  const settings = Object.entries(values).flatMap(([name, value]) => ['--set', `${name}=${value}`]);
  try {
    await progress.step('installing the chart', async (tell) => {
      const chart = join(cloneDirectory, 'charts', 'cubby');
      await run(helm, ['upgrade', '--install', release, chart, ...helmArguments, ...settings], { log: installLog });
      for (const component of ['operator', 'dataplane']) {
        const args = ['rollout', 'status', `deployment/cubby-${component}`, '-n', systemNamespace, `--timeout=${WAIT}`];
        await kubectl(args, { onLine: tell });
      }
    });
  } catch (error) {
    await describeFailure(kubectl);
    // Back to what was there before: nothing, or the release that served until now.
    await run(helm, [isFirst ? 'uninstall' : 'rollback', release, ...helmArguments], { log: installLog }).catch(
      () => {},
    );
    throw new Error(`the chart could not be installed; see the end of ${installLog}`, { cause: error });
  }
}

/** Applies the examples that one begins with, and waits until the store is ready and the tokens' Secrets are there. */
export async function applyQuickstart(kubectl: Kubectl, progress: Progress): Promise<void> {
  await progress.step('applying examples/quickstart.yaml and examples/admin-key.yaml', async (tell) => {
    const files = ['quickstart.yaml', 'admin-key.yaml'].map((name) => join(cloneDirectory, 'examples', name));
    await kubectl(['apply', ...files.flatMap((file) => ['-f', file])]);
    const wait = (namespace: string, object: string, condition: string) => {
      tell(`waiting for ${object}`);
      return kubectl(['wait', '-n', namespace, object, `--for=${condition}`, `--timeout=${WAIT}`]);
    };
    await wait('quickstart', 'kvstore/main', 'condition=Ready');
    await wait('quickstart', 'secret/web-kv', 'jsonpath={.data.token}');
    await wait(systemNamespace, 'secret/admin-key', 'jsonpath={.data.token}');
  });
}

/** Writes a value through the data plane with the quickstart's token and reads it back. */
export async function tryQuickstart(kubectl: Kubectl, url: string, progress: Progress): Promise<void> {
  await progress.step(`writing and reading a value through ${url}`, async (tell) => {
    const encoded = await kubectl(['get', 'secret', 'web-kv', '-n', 'quickstart', '-o', 'jsonpath={.data.token}']);
    const authorization = `Bearer ${Buffer.from(encoded, 'base64')}`;
    const value = { greeting: 'hello', at: new Date().toISOString() };
    const address = `${url}/infra/kv/quickstart`;
    await request(address, { method: 'PUT', authorization, body: JSON.stringify({ value }) }, tell);
    const answer = (await request(address, { method: 'GET', authorization }, tell)) as { value: unknown };
    if (JSON.stringify(answer.value) === JSON.stringify(value)) return;
    throw new Error(`GET ${address} did not answer with the value that was put: ${JSON.stringify(answer)}`);
  });
}

const REQUEST_MS = 60_000;

/** Repeats a request until it is answered with 200: right after an installation a connection may still be refused. */
async function request(
  address: string,
  { method, authorization, body }: { method: string; authorization: string; body?: string },
  tell: (detail: string) => void,
): Promise<unknown> {
  const deadline = Date.now() + REQUEST_MS;
  for (;;) {
    const headers = { authorization, 'content-type': 'application/json' };
    const signal = AbortSignal.timeout(5_000);
    const outcome = await fetch(address, { method, headers, signal, ...(body === undefined ? {} : { body }) }).then(
      async (response) => ({ ok: response.ok, status: String(response.status), text: await response.text() }),
      (error: Error) => ({ ok: false, status: error.message, text: '' }),
    );
    if (outcome.ok) return JSON.parse(outcome.text);
    tell(`${method}: ${outcome.status}`);
    if (Date.now() > deadline) throw new Error(`${method} ${address} failed: ${outcome.status} ${outcome.text}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

function describeNamespace() {
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: systemNamespace, labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } },
  };
}

/** Chart values for an image reference such as `ghcr.io/cubby-dev/cubby:0.1.0` or `…@sha256:…`. */
export function splitReference(image: string): Record<string, string> {
  const [name = '', digest] = image.split('@');
  const colon = name.lastIndexOf(':');
  const hasTag = colon > name.lastIndexOf('/');
  return {
    'image.repository': hasTag ? name.slice(0, colon) : name,
    ...(hasTag ? { 'image.tag': name.slice(colon + 1) } : {}),
    ...(digest ? { 'image.digest': digest } : {}),
  };
}

async function describeFailure(kubectl: Kubectl): Promise<void> {
  const views = [
    ['get', 'pods', '-o', 'wide'],
    ['get', 'events', '--sort-by=.lastTimestamp'],
    ['logs', '--selector=app.kubernetes.io/name=cubby', '--all-containers', '--prefix', '--tail=50'],
  ];
  for (const view of views) {
    await kubectl(['-n', systemNamespace, ...view]).catch((error) => appendFile(installLog, `${error}\n`));
  }
}

/** Writes the shell lines by which other programs of this clone find the cluster, and beside them the programs that fit it. */
export async function writeEnvironment(kubeconfig: string, url: string, progress: Progress): Promise<void> {
  const directory = join(stateDirectory, 'bin');
  await mkdir(directory, { recursive: true });
  for (const [name, binary] of Object.entries(await ensureBinaries(['kubectl', 'helm'], progress))) {
    const link = join(directory, name);
    await rm(link, { force: true });
    await symlink(binary, link);
  }
  // On the Node of the lockfile, because the caller's may be older than the command line needs.
  const [node, program] = ['node_modules/.bin/node', 'cli/dist/cubby.js'].map((path) => join(cloneDirectory, path));
  for (const name of ['cubby', 'kubectl-cubby']) {
    const script = join(directory, name);
    await rm(script, { force: true });
    await writeFile(script, `#!/bin/sh\nexec '${node}' '${program}' "$@"\n`, { mode: 0o755 });
  }
  await writeFile(join(stateDirectory, 'env'), `KUBECONFIG=${kubeconfig}\nCUBBY_URL=${url}\n`);
}
