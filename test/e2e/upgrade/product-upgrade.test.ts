import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { parseEnv } from 'node:util';
import { ensureBinaries } from '../../../cluster/binaries.ts';
import { run } from '../../../cluster/command.ts';
import { importImages } from '../../../cluster/embedded/node.ts';
import { readRecord } from '../../../cluster/embedded/record.ts';
import { ensureProductImage } from '../../../cluster/images.ts';
import { cloneDirectory } from '../../../cluster/paths.ts';
import { createProgress } from '../../../cluster/progress.ts';
import { startLoad } from '../../durability/load.ts';
import { type Clone, makeClone } from '../../integration/cluster/clone.ts';
import { findObstacle } from '../../integration/cluster/obstacle.ts';
import { accessCluster, type ClusterAccess, eventually } from '../cluster.ts';
import { createCrowd, removeNamespace } from '../crowd.ts';
import { client, createFleet, editFleet, NAMES, NAMESPACE } from './fleet.ts';
import { differences, type Picture, pictureObjects, pictureStatus } from './picture.ts';
import { unpackPreviousRelease } from './previous-release.ts';

// One story in order, on a cluster of its own: each test begins with what the one before has left.
const skip = await findObstacle();
const SYSTEM = 'cubby-system';
const progress = createProgress(console.error);
let cluster: ClusterAccess;
let url: string;
let helm: (...args: string[]) => Promise<string>;
let clone: Clone;
let image: string;
/** What there was before the upgrade. */
let origin: { objects: Picture; status: Picture };

before(
  async () => {
    if (skip) return;
    clone = makeClone(unpackPreviousRelease);
    const { code, stdout, stderr } = await clone.start();
    assert.equal(code, 0, `the previous release does not start:\n${stdout}${stderr}`);
    const { KUBECONFIG = '', CUBBY_URL = '' } = parseEnv(readFileSync(join(clone.directory, '.cluster/env'), 'utf8'));
    cluster = accessCluster(KUBECONFIG);
    url = CUBBY_URL;
    const programs = await ensureBinaries(['helm'], progress);
    helm = (...args) => run(programs.helm, [...args, '--namespace', SYSTEM, '--kubeconfig', KUBECONFIG]);
    await createFleet(cluster, url);
    image = await loadImage();
    origin = await settled();
  },
  { timeout: 10 * 60_000 },
);

function step(name: string, work: (t: { diagnostic(message: string): void }) => Promise<void>): void {
  test(name, { skip, timeout: 5 * 60_000 }, work);
}

step('an upgrade of the chart restarts no Redis, and clients do not notice it', async (t) => {
  await unnoticed(t, async () => {
    // As docs/operations/upgrade.md has it; a chart as it is published has the tag of its own image.
    const chart = join(cloneDirectory, 'charts/cubby');
    await helm('upgrade', 'cubby', chart, '--reset-then-reuse-values', '--set', `image.tag=${image.split(':').pop()}`);
  });
});

step('after the upgrade a change reaches every Redis, without a restart', () => changes('40Mi'));

step('credentials that are rotated after the upgrade are those of the way back as well', async () => {
  const rotate = `cubby.dev/rotate=${new Date().toISOString()}`;
  // One without clients: Redis 7.0 closes all connections where the previous release takes the old password away.
  await cluster.kubectl('annotate', 'kvstore', 'rdb', '-n', NAMESPACE, rotate);
  await eventually('the next generation', 60, async () => {
    return (await cluster.read('kvstore', NAMESPACE, 'rdb')).status.credentialGeneration === 2 || undefined;
  });
  await assertAsAtFirst();
});

step('so it is on the way back to the previous release', (t) => unnoticed(t, () => helm('rollback', 'cubby')));

step('after the way back a change reaches every Redis, without a restart', async () => {
  await changes('32Mi');
  assert.equal((await cluster.read('kvstore', NAMESPACE, 'rdb')).status.credentialGeneration, 2);
});

step('what was hibernated before the upgrade wakes with its data', async () => {
  await cluster.kubectl(
    'patch',
    'kvstore',
    'asleep',
    '-n',
    NAMESPACE,
    '--type=merge',
    '-p',
    '{"spec":{"enabled":true}}',
  );
  const { request } = await client(cluster, url, 'asleep');
  await eventually('asleep is awake', 90, async () => {
    return (await request('GET', '/infra/kv/kept')).body?.value === 'asleep' || undefined;
  });
});

step('where no operator runs a namespace goes all the same, whatever state its stores are in', async (t) => {
  const namespace = 'crowd';
  await createCrowd(cluster, namespace);
  await cluster.kubectl('scale', 'deployment/cubby-operator', '-n', SYSTEM, '--replicas=0');
  await eventually('no operator runs', 60, async () => {
    return !(await productPods()).some((pod) => pod.includes('operator')) || undefined;
  });
  t.diagnostic(`gone after ${(await removeNamespace(cluster, namespace)).toFixed(1)} s`);
});

/** Does `change` to the release while clients write, and compares all there is before and after. */
async function unnoticed(t: { diagnostic(message: string): void }, change: () => Promise<unknown>): Promise<void> {
  const pods = await productPods();
  const clients = await Promise.all(['plain', 'cached', 'memory'].map((name) => client(cluster, url, name)));
  const loads = clients.map((one) => startLoad(one, { prefix: `write-${performance.now()}`, clients: 1 }));
  await Promise.all(loads.map((load) => load.more(50)));
  await change();
  await Promise.all(
    ['operator', 'dataplane'].map((name) =>
      cluster.kubectl('rollout', 'status', `deployment/cubby-${name}`, '-n', SYSTEM, '--timeout=180s'),
    ),
  );
  await eventually('the pods of before are gone', 120, async () => {
    const now = await productPods();
    return pods.every((pod) => !now.includes(pod)) || undefined;
  });
  await Promise.all(loads.map((load) => load.more(50)));
  await Promise.all(loads.map((load) => load.stop()));
  await assertAsAtFirst();
  for (const load of loads) {
    const { 503: late = 0, ...failures } = load.failures();
    const { acknowledged, lost, resurrected } = await load.verdict();
    t.diagnostic(`${acknowledged} writes, ${late} of 503, longest gap ${Math.round(load.longestGapMs())} ms`);
    assert.deepEqual({ failures, lost, resurrected }, { failures: {}, lost: [], resurrected: [] });
    // A new pod connects to Redis within two seconds, but on a machine that is busy with everything else.
    assert.ok(late <= acknowledged / 20, `${late} times 503`);
  }
  for (const name of NAMES.filter((name) => name !== 'asleep')) {
    const answer = await (await client(cluster, url, name)).request('GET', '/infra/kv/kept');
    assert.equal(answer.body?.value, name, `${name}: ${answer.text}`);
  }
  const log = await cluster.kubectl('logs', '-n', SYSTEM, '-l', 'app.kubernetes.io/component=operator', '--tail=-1');
  const refused = log
    .split('\n')
    .filter((line) => /not reconciled.*(Invalid|Forbidden|immutable|forbidden|invalid)/.test(line));
  assert.deepEqual(refused, []);
}

/** A change of every store is carried out by the operator that runs now, and nothing is made anew for it. */
async function changes(memory: string): Promise<void> {
  await editFleet(cluster, memory);
  await assertAsAtFirst();
}

async function assertAsAtFirst(): Promise<void> {
  // Under load a Redis may be late for the operator, which says so for a moment.
  const { objects, status } = await eventually('the status of before', 120, async () => {
    const now = await settled();
    return differences(origin.status, now.status).length === 0 ? now : undefined;
  }).catch(settled);
  assert.deepEqual(differences(origin.objects, objects), []);
  assert.deepEqual(differences(origin.status, status), []);
}

/** What there is as soon as nothing is on its way any more. */
async function settled(): Promise<{ objects: Picture; status: Picture }> {
  return eventually('everything has settled', 120, async () => {
    const status = await pictureStatus(cluster);
    const isBusy = Object.values(status).some((line) => line.includes('Progressing=True'));
    return isBusy ? undefined : { objects: await pictureObjects(cluster), status };
  });
}

/** The names of Cubby's own pods. */
async function productPods(): Promise<string[]> {
  return (await cluster.kubectl('get', 'pods', '-n', SYSTEM, '-l', 'app.kubernetes.io/name=cubby', '-o', 'name')).split(
    '\n',
  );
}

/** Builds this tree's image and puts it on the node of the other clone's cluster. */
async function loadImage(): Promise<string> {
  const record = await readRecord(clone.layout.id);
  assert.ok(record, 'no cluster is recorded');
  const product = await ensureProductImage(progress);
  await importImages(record, [product]);
  return product.reference;
}
