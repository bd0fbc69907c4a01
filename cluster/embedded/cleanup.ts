import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../command.ts';
import { withLock } from '../lock.ts';
import { endProcess, isSame } from '../process.ts';
import { removeCgroups } from './cgroups.ts';
import { type ClusterRecord, listRecords, removeRecord } from './record.ts';

const SUPERVISOR_GRACE_MS = 20_000;
const cleanupLock = '/run/cubby-clusters.lock';

/** Ends a cluster and removes all that it has on the host but its files; does nothing to what is already gone. */
export async function removeCluster(record: ClusterRecord): Promise<void> {
  // The supervisor removes what it made; what follows finds something only if it was killed.
  await endProcess(record.supervisor, SUPERVISOR_GRACE_MS);
  await removeRemains(record);
}

/** The part of `removeCluster` that the supervisor does itself when it ends. */
export async function removeRemains({ layout, holder }: ClusterRecord): Promise<void> {
  if (holder) await endProcess(holder, 0);
  if (existsSync(`/sys/class/net/${layout.interface}`)) {
    // The interface goes with the namespace of its other end, perhaps between the question and the command.
    await run('ip', ['link', 'delete', layout.interface]).catch(() => {});
  }
  await removeCgroups(layout.cgroup);
  await removeRecord(layout.id);
}

/** Cleans up after clusters, of this clone or another, that were killed or whose clone has been deleted. */
export async function removeAbandoned(): Promise<ClusterRecord[]> {
  // One at a time, so that nobody takes away by name what a start has made since he read the records.
  return withLock(cleanupLock, async () => {
    // Of a deleted clone the running cluster may have kept, or made again, its own directory.
    const abandoned = (await listRecords()).filter(
      ({ supervisor, layout }) => !isSame(supervisor) || !existsSync(join(layout.clone, 'package.json')),
    );
    for (const record of abandoned) await removeCluster(record);
    return abandoned;
  });
}
