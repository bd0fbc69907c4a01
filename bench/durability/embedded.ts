import { setTimeout as sleep } from 'node:timers/promises';
import { deriveLayout } from '../../cluster/embedded/layout.ts';
import { type ClusterRecord, readRecord } from '../../cluster/embedded/record.ts';
import { cloneDirectory } from '../../cluster/paths.ts';
import { isSame } from '../../cluster/process.ts';
import { findBeside } from '../../test/durability/processes.ts';

/** The embedded cluster of this clone and its first process; throws where another kind is up. */
export async function embeddedCluster(): Promise<ClusterRecord & Required<Pick<ClusterRecord, 'holder'>>> {
  const record = await readRecord(deriveLayout(cloneDirectory, []).id);
  if (!record?.holder || !isSame(record.holder))
    throw new Error('this part kills what a node runs: it needs the embedded cluster of `npm start` in this clone');
  return { ...record, holder: record.holder };
}

/** Kills a program of the node, which its supervisor starts again after a second. Does nothing where none runs. */
export async function killComponent(name: string): Promise<void> {
  const { holder } = await embeddedCluster();
  for (const pid of findBeside(holder.pid, name)) process.kill(pid, 'SIGKILL');
}

/** Kills a program of the node whenever it comes up, for so long that it never serves. */
export async function holdDown(name: string, ms: number): Promise<void> {
  for (const end = performance.now() + ms; performance.now() < end; await sleep(200)) await killComponent(name);
}
