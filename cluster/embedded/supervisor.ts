import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { run } from '../command.ts';
import { stateDirectory } from '../paths.ts';
import { inspectProcess, type ProcessRecord } from '../process.ts';
import { dataPlaneNodePort } from '../provider.ts';
import { createCgroups } from './cgroups.ts';
import { removeRemains } from './cleanup.ts';
import type { Component } from './components.ts';
import { startForwarder } from './forwarder.ts';
import type { Layout } from './layout.ts';
import { createNamespaces, enter, prepareMounts, prepareNetwork } from './namespaces.ts';
import { type ClusterRecord, writeRecord } from './record.ts';

/** What the launcher hands over, as the JSON file that is this program's only argument. */
export interface Plan {
  layout: Layout;
  fingerprint: string;
  /** Started at once. */
  base: Component[];
  /** Started when the API server is ready. */
  clients: Component[];
  kubectl: string;
  kubeconfig: string;
}

const RESTART_MS = 1_000;

// The process that keeps one embedded cluster: it runs on the host, outlives the launcher, and all that it starts
// ends with it.
const plan = JSON.parse(await readFile(process.argv[2] ?? '', 'utf8')) as Plan;
let record: ClusterRecord = {
  layout: plan.layout,
  supervisor: describe(process.pid),
  port: plan.layout.port,
  fingerprint: plan.fingerprint,
};
let ending = false;
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => end(0));

try {
  await writeRecord(record);
  await bringUp();
} catch (error) {
  console.error(error);
  await end(1);
}

async function bringUp(): Promise<void> {
  const { layout } = plan;
  const { holderPid, ended } = await createNamespaces();
  ended.then(() => end(1));
  const port = await startForwarder(layout.port, { host: layout.nodeAddress, port: dataPlaneNodePort });
  record = { ...record, holder: describe(holderPid), port };
  await writeRecord(record);
  await createCgroups(layout.cgroup);
  await prepareMounts(holderPid, stateDirectory);
  await prepareNetwork(holderPid, layout);
  for (const component of plan.base) keepRunning(component, holderPid);
  while (!(await isServerReady())) await sleep(100);
  for (const component of plan.clients) keepRunning(component, holderPid);
}

async function isServerReady(): Promise<boolean> {
  const probe = run(plan.kubectl, ['--kubeconfig', plan.kubeconfig, 'get', '--raw', '/readyz', '--request-timeout=2s']);
  return probe.then(
    () => true,
    () => false,
  );
}

/** Runs a component inside, with its output in a log of its own, and again whenever it ends. */
async function keepRunning({ name, command, args }: Component, holderPid: number): Promise<void> {
  const log = openSync(join(stateDirectory, 'logs', `${name}.log`), 'w');
  while (!ending) {
    const child = spawn(...enter(holderPid, command, args), { stdio: ['ignore', log, log] });
    const reason = await new Promise<string>((resolve) => {
      child.once('error', (error) => resolve(error.message));
      child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
    });
    if (ending) break;
    console.error(`${new Date().toISOString()} ${name} ended (${reason}); starting it again`);
    await sleep(RESTART_MS);
  }
  closeSync(log);
}

async function end(code: number): Promise<void> {
  if (ending) return;
  ending = true;
  await removeRemains(record).catch((error) => console.error(error));
  process.exit(code);
}

function describe(pid: number): ProcessRecord {
  const found = inspectProcess(pid);
  if (!found) throw new Error(`process ${pid} is gone`);
  return found;
}
