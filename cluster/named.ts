import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { ensureBinaries } from './binaries.ts';
import { run } from './command.ts';
import { findFreePorts } from './daemon.ts';
import { stateDirectory } from './paths.ts';
import { endProcess, inspectProcess, type ProcessRecord } from './process.ts';
import type { Progress } from './progress.ts';
import type { Cluster } from './provider.ts';

const recordFile = join(stateDirectory, 'port-forward.json');

/** Uses the cluster of a kubeconfig, after asking whether it answers. Images cannot be brought to it, only named. */
export async function useNamed(path: string, progress: Progress): Promise<Cluster> {
  const kubeconfig = resolve(path);
  if (!existsSync(kubeconfig)) throw new Error(`there is no kubeconfig ${kubeconfig}: name an existing file`);
  const { kubectl } = await ensureBinaries(['kubectl'], progress);
  await progress.step(`asking the cluster of ${kubeconfig}`, () =>
    run(kubectl, ['--kubeconfig', kubeconfig, 'version', '--request-timeout=10s']),
  );
  return {
    provider: 'named',
    kubeconfig,
    chartValues: {},
    provideImages: async () => requireImage(process.env.CUBBY_IMAGE),
    connect: () => forward(kubectl, kubeconfig),
    discard: async () => {},
  };
}

/** Ends the port-forward of an earlier `connect`; resolves with whether there was one. */
export async function stopForward(): Promise<boolean> {
  const text = await readFile(recordFile, 'utf8').catch(() => undefined);
  if (!text) return false;
  await endProcess(JSON.parse(text) as ProcessRecord, 5_000);
  await rm(recordFile, { force: true });
  return true;
}

function requireImage(image: string | undefined): string {
  if (image) return image;
  throw new Error(
    'the named cluster pulls its images: push one built by `npm run build` and the Dockerfile to a registry that it ' +
      'can reach, and name it, as in CUBBY_IMAGE=registry.example/cubby:0.1.0 npm start',
  );
}

async function forward(kubectl: string, kubeconfig: string): Promise<string> {
  await stopForward();
  const [port = 0] = await findFreePorts(1);
  const logs = join(stateDirectory, 'logs');
  await mkdir(logs, { recursive: true });
  const output = openSync(join(logs, 'port-forward.log'), 'w');
  const script = join(import.meta.dirname, 'port-forward.ts');
  const child = spawn(process.execPath, [script, kubectl, kubeconfig, String(port)], {
    detached: true,
    stdio: ['ignore', output, output],
  });
  closeSync(output);
  child.unref();
  const record = child.pid === undefined ? undefined : inspectProcess(child.pid);
  if (!record) throw new Error(`the port-forward could not be started; see ${logs}`);
  await writeFile(recordFile, JSON.stringify(record));
  return `http://127.0.0.1:${port}`;
}
