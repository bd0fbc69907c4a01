import { setTimeout as sleep } from 'node:timers/promises';
import { secrets } from '../../kube/resources.ts';
import { atOnce, type BenchCluster } from './cluster.ts';
import type { Replica } from './replica.ts';

const sum = (counts: Record<string, number>) => Object.values(counts).reduce((total, count) => total + count, 0);

/** What an operator with nothing to do does all the same. */
export interface Idle {
  seconds: number;
  writes: number;
  /** Share of one core. */
  cpuShare: number;
  reconciles: number;
}

/** Watches a replica for so many seconds. */
export async function measureIdle(replica: Replica, seconds: number): Promise<Idle> {
  const before = { writes: sum(await replica.writes()), cpu: replica.cpuSeconds(), runs: await replica.reconciles() };
  await sleep(seconds * 1000);
  return {
    seconds,
    cpuShare: (replica.cpuSeconds() - before.cpu) / seconds,
    writes: sum(await replica.writes()) - before.writes,
    reconciles: (await replica.reconciles()) - before.runs,
  };
}

/** By how many MB a replica grows when `count` Secrets of a megabyte each come, which are none of its business. */
export async function measureForeignSecrets(cluster: BenchCluster, replica: Replica, count: number): Promise<number> {
  const namespaceOf = await cluster.createTenants('foreign');
  const before = replica.megabytes();
  const data = { big: Buffer.alloc(1_000_000, 'x').toString('base64') };
  const post = (index: number) => {
    const metadata = { namespace: namespaceOf(index), name: `big-${index}` };
    return cluster.client.create(secrets, { apiVersion: 'v1', kind: 'Secret', metadata, data });
  };
  await atOnce(count, post, 2); // as much as etcd takes beside a Lease that must be renewed
  await sleep(2_000);
  replica.check();
  return replica.megabytes() - before;
}
