import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cloneDirectory, stateDirectory } from '../paths.ts';
import { isSame } from '../process.ts';
import { type ClusterRecord, readRecord } from './record.ts';
import type { Plan } from './supervisor.ts';

const READY_MS = 120_000;

const logDirectory = join(stateDirectory, 'logs');
const supervisorLog = join(logDirectory, 'supervisor.log');

/** Starts the supervisor as a process of its own; resolves once the namespaces are there. */
export async function launch(plan: Plan, tell: (detail: string) => void): Promise<ClusterRecord> {
  tell('making namespaces');
  mkdirSync(logDirectory, { recursive: true });
  const planFile = join(stateDirectory, 'plan.json');
  await writeFile(planFile, JSON.stringify(plan, null, 2));
  const output = openSync(supervisorLog, 'w');
  const supervisor = spawn(process.execPath, [join(import.meta.dirname, 'supervisor.ts'), planFile], {
    cwd: cloneDirectory,
    detached: true,
    stdio: ['ignore', output, output],
  });
  closeSync(output);
  supervisor.unref();
  while (supervisor.exitCode === null && supervisor.signalCode === null) {
    const record = await readRecord(plan.layout.id);
    if (record?.holder && record.supervisor.pid === supervisor.pid) return record;
    await sleep(50);
  }
  throw new Error(`the cluster could not be set up; see ${supervisorLog}\n${await readFile(supervisorLog, 'utf8')}`);
}

/** Asks until something is done; rejects when the cluster ends before or two minutes pass. */
export async function waitFor(
  record: ClusterRecord,
  what: string,
  isDone: () => Promise<boolean>,
  tell: (detail: string) => void,
): Promise<void> {
  tell(`waiting for ${what}`);
  const deadline = Date.now() + READY_MS;
  while (!(await isDone())) {
    if (!isSame(record.supervisor)) throw new Error(`the cluster ended while it was starting; see ${supervisorLog}`);
    if (Date.now() > deadline) throw new Error(`${what} is not ready after ${READY_MS / 1000} s; see ${logDirectory}`);
    await sleep(100);
  }
}
