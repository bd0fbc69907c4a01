import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startApiServer, type TestApiServer } from '../../../cluster/test-apiserver.ts';
import type { KubeClient } from '../../../kube/client.ts';
import { connect } from '../../../kube/config.ts';
import { createEventRecorder } from '../../../kube/events.ts';
import { type Elector, startElector } from '../../../kube/lease.ts';
import type { KubeObject } from '../../../kube/object.ts';
import { configMaps, events, leases } from '../../../kube/resources.ts';
import { type ApiProxy, startProxy } from '../../chaos/proxy.ts';
import { eventually } from '../eventually.ts';

let server: TestApiServer;
let proxy: ApiProxy;
let direct: KubeClient;
let proxied: KubeClient;
/** What a test started: an elector that outlived a failed test would keep the process alive. */
let started: Elector[] = [];

before(async () => {
  server = await startApiServer();
  proxy = await startProxy(server.kubeconfig);
  direct = connect({ kubeconfig: server.kubeconfig, userAgent: 'test' });
  proxied = connect({ kubeconfig: proxy.kubeconfig, userAgent: 'test' });
});

afterEach(async () => {
  proxy.refuse = false;
  await Promise.all(started.map((elector) => elector.stop()));
  started = [];
});

after(async () => {
  direct?.close();
  proxied?.close();
  proxy?.close();
  await server?.stop();
});

/** A candidate five times as hasty as by default. */
function candidate(client: KubeClient, name: string, identity: string) {
  const log: string[] = [];
  const errors: unknown[] = [];
  const elector = startElector({
    client,
    namespace: 'default',
    name,
    identity,
    leaseDurationMs: 3000,
    renewDeadlineMs: 2000,
    retryPeriodMs: 400,
    onElected: () => log.push('elected'),
    onLost: () => log.push('lost'),
    onError: (error) => errors.push(error),
  });
  started.push(elector);
  return { elector, log, errors };
}

test('of two electors one leads; when it stops, the other takes over within a retry period or two', async () => {
  const both = [candidate(direct, 'handover', 'a'), candidate(direct, 'handover', 'b')];
  await eventually('one leads', 3000, () => both.some(({ elector }) => elector.isLeader()));
  for (let i = 0; i < 20; i++) {
    assert.equal(both.filter(({ elector }) => elector.isLeader()).length, 1);
    await sleep(100);
  }
  const leader = both.find(({ elector }) => elector.isLeader());
  const other = both.find((one) => one !== leader);
  await leader?.elector.stop();
  const tookMs = await eventually('the other leads', 1500, () => other?.elector.isLeader());
  console.log(`handed over in ${Math.round(tookMs)} ms at a retry period of 400 ms`);
  assert.deepEqual([leader?.log, leader?.errors, other?.errors], [['elected'], [], []]);
});

test('a leader that is cut off stops leading before the other starts', async () => {
  const cut = candidate(proxied, 'cut-off', 'cut');
  await eventually('the first leads', 3000, () => cut.elector.isLeader());
  const other = candidate(direct, 'cut-off', 'other');
  await sleep(1000);
  proxy.refuse = true;
  proxy.cut();
  let both = 0;
  const tookMs = await eventually('the other leads', 8000, () => {
    if (cut.elector.isLeader() && other.elector.isLeader()) both++;
    return other.elector.isLeader();
  });
  console.log(`took over in ${Math.round(tookMs)} ms at a lease of 3000 ms`);
  assert.equal(both, 0);
  assert.deepEqual(cut.log, ['elected', 'lost']);
  proxy.refuse = false;
  const lease = await direct.get<never>(leases, { namespace: 'default', name: 'cut-off' });
  assert.partialDeepStrictEqual(lease, { spec: { holderIdentity: 'other', leaseTransitions: 1 } });
});

test('an event stands where kubectl describe looks for it, with its count', async () => {
  const about = await direct.create<KubeObject>(configMaps, {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'told-of', namespace: 'default' },
  });
  const errors: unknown[] = [];
  const recorder = createEventRecorder({ client: direct, component: 'tester', onError: (error) => errors.push(error) });
  for (let i = 0; i < 3; i++) {
    recorder.record(about, 'Warning', 'Broken', 'it broke');
    await recorder.flush();
  }
  const fieldSelector = `involvedObject.uid=${about.metadata.uid},involvedObject.kind=ConfigMap`;
  const { items } = await direct.list(events, { namespace: 'default', fieldSelector });
  assert.deepEqual(errors, []);
  assert.equal(items.length, 1);
  assert.partialDeepStrictEqual(items[0], { type: 'Warning', reason: 'Broken', message: 'it broke', count: 3 });
});
