import { mkdir, readdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ProcessRecord } from '../process.ts';
import type { Layout } from './layout.ts';

/** What the host knows of one embedded cluster, so that any later start can tell its remains from foreign things. */
export interface ClusterRecord {
  layout: Layout;
  supervisor: ProcessRecord;
  /** First process of the cluster's process namespace; its end ends the whole cluster. */
  holder?: ProcessRecord;
  /** Port of 127.0.0.1 that leads to the data plane. */
  port: number;
  /** Changes when the cluster's programs or settings do. */
  fingerprint: string;
}

/** Emptied by a reboot, as are the things that the records describe. */
const recordDirectory = '/run/cubby-clusters';

/** The records of all clones of this machine. */
export async function listRecords(): Promise<ClusterRecord[]> {
  const names = await readdir(recordDirectory).catch(() => []);
  const texts = await Promise.all(
    names.filter((name) => name.endsWith('.json')).map((name) => readFile(join(recordDirectory, name), 'utf8')),
  );
  return texts.map((text) => JSON.parse(text) as ClusterRecord);
}

/** The record of the cluster `id`, if there is one. */
export async function readRecord(id: string): Promise<ClusterRecord | undefined> {
  return (await listRecords()).find((record) => record.layout.id === id);
}

/** Writes or replaces a cluster's record; readers never see half of it. */
export async function writeRecord(record: ClusterRecord): Promise<void> {
  await mkdir(recordDirectory, { recursive: true });
  const path = join(recordDirectory, `${record.layout.id}.json`);
  await writeFile(`${path}.half`, `${JSON.stringify(record, null, 2)}\n`);
  await rename(`${path}.half`, path);
}

/** Forgets a cluster, and the directory of records with the last one. */
export async function removeRecord(id: string): Promise<void> {
  await rm(join(recordDirectory, `${id}.json`), { force: true });
  await rmdir(recordDirectory).catch(() => {});
}
