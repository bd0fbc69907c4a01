import { kubectl, read } from '../test/e2e/cluster.ts';
import { createTenant, type Tenant } from '../test/e2e/tenant.ts';
import { writer } from '../test/e2e/writer.ts';
import { formatSpread, spreadOf } from './spread.ts';

const RUNS = 10;
/** Acknowledged writes before a fault and after the recovery. */
const TRAFFIC = 100;

interface Fault {
  name: string;
  /** Deletes a pod and resolves once its successor is ready. */
  happen: (tenant: Tenant) => Promise<void>;
}

const FORCE = ['--grace-period=0', '--force'];

const faults: readonly Fault[] = [
  { name: 'Redis pod deleted', happen: ({ namespace }) => replacePod(namespace, 'main-redis-0', []) },
  { name: 'Redis pod deleted by force', happen: ({ namespace }) => replacePod(namespace, 'main-redis-0', FORCE) },
  { name: 'one of two data-plane pods deleted by force', happen: () => replaceDeployed('dataplane', 1) },
  { name: 'both operator pods deleted by force', happen: () => replaceDeployed('operator', 2) },
];

/**
 * For each fault, RUNS times under one client that writes all the while: the longest time in ms that passed between two
 * acknowledged writes, how many requests failed, and how many acknowledged writes were gone afterwards.
 */
export async function benchRecovery(): Promise<void> {
  const cleanups: (() => unknown)[] = [];
  const tenant = await createTenant({ after: (work) => void cleanups.push(work as () => unknown) }, 'bench-recovery');
  try {
    for (const { name, happen } of faults) {
      const gaps: number[] = [];
      const failures: Record<string, number> = {};
      let [acknowledged, lost] = [0, 0];
      for (let run = 0; run < RUNS; run++) {
        const writing = writer(tenant, { prefix: `${name.replaceAll(' ', '-')}-${run}` });
        await writing.more(TRAFFIC);
        await happen(tenant);
        await writing.more(TRAFFIC);
        await writing.stop();
        gaps.push(writing.report.longestGapMs);
        acknowledged += writing.acknowledged.size;
        for (const [outcome, count] of Object.entries(writing.report.failures)) {
          failures[outcome] = (failures[outcome] ?? 0) + count;
        }
        lost += (await writing.lost()).length;
      }
      console.log(formatSpread(`${name}, longest gap (ms)`, spreadOf(gaps), 0));
      console.log(
        `  ${acknowledged} writes acknowledged, ${lost} of them lost; failed, by status: ${JSON.stringify(failures)}`,
      );
    }
  } finally {
    for (const work of cleanups) await work();
  }
}

async function replacePod(namespace: string, name: string, options: readonly string[]): Promise<void> {
  const { uid } = (await read('pod', namespace, name)).metadata;
  await kubectl('delete', 'pod', name, '-n', namespace, '--wait=false', ...options);
  for (;;) {
    const pod = await read('pod', namespace, name);
    if (pod && pod.metadata.uid !== uid && pod.status.containerStatuses?.[0]?.ready) return;
  }
}

async function replaceDeployed(component: string, count: number): Promise<void> {
  const selector = ['-n', 'cubby-system', '-l', `app.kubernetes.io/component=${component}`];
  const pods = await kubectl('get', 'pods', ...selector, '-o', 'jsonpath={.items[*].metadata.name}');
  const chosen = pods.split(' ').slice(0, count);
  await kubectl('delete', 'pod', ...chosen, '-n', 'cubby-system', '--wait=false', ...FORCE);
  await kubectl('rollout', 'status', `deployment/cubby-${component}`, '-n', 'cubby-system', '--timeout=60s');
}
