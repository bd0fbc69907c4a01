import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ensureParts } from '../../../cluster/embedded/embedded.ts';
import { readRecord } from '../../../cluster/embedded/record.ts';
import { consoleProgress } from '../../../cluster/progress.ts';
import { type Clone, execute, makeClone, type Outcome } from './clone.ts';
import { findObstacle } from './obstacle.ts';
import { describeHost, findTraces } from './traces.ts';

// The tests are one story in order: each begins with what the one before has left.
const skip = await findObstacle();
const LIMIT_MS = 120_000;
const nothing = { processes: [], mounts: [], links: [], cgroups: [], records: [] };
const host = describeHost();
let clone: Clone;
let kubectlProgram: string;

const BUILD_MS = 30 * 60_000;

before(
  async () => {
    if (skip) return;
    kubectlProgram = (await ensureParts(consoleProgress)).kubectl;
    clone = makeClone();
  },
  { timeout: BUILD_MS },
);

/** A test of the story, skipped with a reason where there is no embedded cluster. */
function step(name: string, work: (context: TestContext) => Promise<void>): void {
  test(name, { skip, timeout: LIMIT_MS }, work);
}

step('--help of both commands explains them and touches nothing', async () => {
  for (const [command, options] of [
    ['start', ['--kubeconfig FILE', '--cluster-only']],
    ['stop', ['--delete']],
  ] as const) {
    const { stdout } = succeeded(await clone[command]('--help'));
    for (const option of [...options, '--help']) assert.match(stdout, new RegExp(`^ +${option} `, 'm'));
  }
  assert.ok(!existsSync(stateDirectory()));
});

step('a start without root is one error that names the ways out, and touches nothing', async () => {
  const { code, stderr } = await clone.asOther('start');
  assert.equal(code, 1);
  assert.match(stderr, /^\n[^\n]*needs Linux and root: run as root, [^\n]*--kubeconfig\n$/);
  assert.ok(!existsSync(stateDirectory()));
});

step('a stop where nothing runs says so', async () => {
  assert.equal(succeeded(await clone.stop()).stdout, 'nothing was running\n');
  assert.deepEqual(await findTraces(clone.layout), nothing);
});

step('a start brings up a ready node, which runs a pod with a claim', async () => {
  succeeded(await clone.start('--cluster-only'));
  const ready = ['wait', 'node', '--all', '--for=condition=Ready', '--timeout=1s'];
  assert.match(succeeded(await kubectl(...ready)).stdout, /^node\/cubby condition met/);
  await createKeeper();
  await eventually('the pod writes to its volume', () => inKeeper('echo kept > /data/value'));
  const claim = await kubectl('get', 'pvc', 'keeper', '-o', 'jsonpath={.status.phase}');
  assert.equal(claim.stdout, 'Bound');
  const traces = await findTraces(clone.layout);
  for (const [kind, found] of Object.entries(traces)) assert.notDeepEqual(found, [], `no ${kind} were found`);
});

step('a start of what runs leaves it as it is', async () => {
  const supervisor = await readSupervisor();
  succeeded(await clone.start('--cluster-only'));
  assert.deepEqual(await readSupervisor(), supervisor);
});

step('a stop without root is one error that names the way out, and stops nothing', async () => {
  const supervisor = await readSupervisor();
  const { code, stderr } = await clone.asOther('stop');
  assert.equal(code, 1);
  assert.equal(stderr, 'the embedded cluster runs as root: stop it as root\n');
  assert.deepEqual(await readSupervisor(), supervisor);
  await assertKept();
});

step('a stop leaves no process, mount, link or control group, and the host as it was', async () => {
  assert.equal(succeeded(await clone.stop()).stdout, 'stopped\n');
  assert.deepEqual(await findTraces(clone.layout), nothing);
  assertHostUntouched();
});

step('a start after a stop has the objects and the volumes of before', async () => {
  succeeded(await clone.start('--cluster-only'));
  await assertKept();
});

step('a supervisor that is killed takes all processes, mounts and links with it', async () => {
  process.kill((await readSupervisor()).pid, 'SIGKILL');
  await eventually('the kernel has ended the cluster', async () => {
    const { processes, mounts, links } = await findTraces(clone.layout);
    assert.deepEqual({ processes, mounts, links }, { processes: [], mounts: [], links: [] });
  });
});

step('a start after that recovers, with the objects and the volumes', async () => {
  succeeded(await clone.start('--cluster-only'));
  await assertKept();
});

step('a stop after a kill leaves nothing either', async () => {
  process.kill((await readSupervisor()).pid, 'SIGKILL');
  succeeded(await clone.stop());
  assert.deepEqual(await findTraces(clone.layout), nothing);
});

step('stop --delete removes the data too', async () => {
  succeeded(await clone.start('--cluster-only'));
  assert.equal(succeeded(await clone.stop('--delete')).stdout, 'stopped\n');
  assert.ok(!existsSync(stateDirectory()));
  assert.deepEqual(await findTraces(clone.layout), nothing);
  assertHostUntouched();
  assert.equal(succeeded(await clone.stop()).stdout, 'nothing was running\n');
});

function stateDirectory(): string {
  return join(clone.directory, '.cluster');
}

async function readSupervisor() {
  const record = await readRecord(clone.layout.id);
  assert.ok(record, 'no cluster is recorded');
  return record.supervisor;
}

function succeeded(outcome: Outcome): Outcome {
  assert.equal(outcome.code, 0, `exit code ${outcome.code}\n${outcome.stdout}${outcome.stderr}`);
  return outcome;
}

/** Other programs may have taken away something of the host meanwhile; nothing may have been added or changed. */
function assertHostUntouched(): void {
  for (const [thing, state] of describeHost()) assert.equal(state, host.get(thing), thing);
}

function kubectl(...args: string[]): Promise<Outcome> {
  const kubeconfig = join(stateDirectory(), 'kubeconfig');
  return execute(kubectlProgram, ['--kubeconfig', kubeconfig, '--request-timeout=10s', ...args], { limitMs: 15_000 });
}

async function createKeeper(): Promise<void> {
  const metadata = { name: 'keeper' };
  const resources = { requests: { storage: '1Mi' } };
  const claim = {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata,
    spec: { accessModes: ['ReadWriteOnce'], resources },
  };
  const container = {
    name: 'keeper',
    image: 'docker.io/library/busybox:1.36',
    imagePullPolicy: 'Never',
    command: ['sleep', 'infinity'],
    volumeMounts: [{ name: 'data', mountPath: '/data' }],
  };
  const spec = {
    securityContext: { runAsUser: 999 },
    containers: [container],
    volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'keeper' } }],
  };
  const items = [claim, { apiVersion: 'v1', kind: 'Pod', metadata, spec }];
  const file = join(stateDirectory(), 'keeper.json');
  await writeFile(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
  // The namespace's ServiceAccount comes a moment after the API server.
  await eventually('the pod is accepted', async () => succeeded(await kubectl('apply', '-f', file)));
}

/** That a command runs in the pod says that its container does, whatever is stored of it. */
async function inKeeper(script: string): Promise<Outcome> {
  return succeeded(await kubectl('exec', 'keeper', '--', 'sh', '-c', script));
}

async function assertKept(): Promise<void> {
  const { stdout } = await eventually('the pod runs', () => inKeeper('cat /data/value'));
  assert.equal(stdout, 'kept\n');
}

/** What `attempt` resolves with as soon as it does not reject; rejects with its last error after 30 seconds. */
async function eventually<T>(what: string, attempt: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (Date.now() > deadline) throw new Error(`not within 30 s: ${what}`, { cause: error });
      await sleep(200);
    }
  }
}
