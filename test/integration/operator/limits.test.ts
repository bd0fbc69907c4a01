import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RESTART_HASH_ANNOTATION } from '../../../contract/labels.ts';
import { pods, statefulSets } from '../../../kube/resources.ts';
import type { StatefulSet } from '../../../operator/reconcile/kinds.ts';
import { makePod, runPod } from './players.ts';
import {
  createNamespace,
  createStore,
  editStore,
  reasonOf,
  settled,
  startCluster,
  startWorld,
  statusWhen,
  writesIn,
} from './world.ts';

const { server, client: admin } = await startCluster();
const plans = { free: { requestsPerSecond: 20, burst: 40, tokensPerMonth: '0.5' } };

test('plan and limits appear in the status, field by field, and go from it again', async (t) => {
  const world = await startWorld(t, server, { plans });
  const namespace = await createNamespace(admin, 'limits');
  await createStore(world, namespace, { plan: 'free', limits: { requestsPerSecond: 5 } });
  const first = await statusWhen(world, namespace, 'has limits', (s) => s.limits);
  assert.deepEqual(first.limits, { requestsPerSecond: 5, burst: 40, tokensPerMonth: '0.5' });
  await editStore(world, namespace, { plan: null });
  const second = await statusWhen(world, namespace, 'has fewer', (s) => s.limits?.burst === undefined);
  assert.deepEqual(second.limits, { requestsPerSecond: 5 });
  await editStore(world, namespace, { limits: null });
  await statusWhen(world, namespace, 'has none', (s) => s.limits === undefined);
});

test('an unknown plan leaves the limits as they were, and the condition names the plans that exist', async (t) => {
  const world = await startWorld(t, server, { plans });
  const namespace = await createNamespace(admin, 'unknown-plan');
  await createStore(world, namespace, { plan: 'free' });
  await statusWhen(world, namespace, 'has limits', (s) => s.limits);
  await editStore(world, namespace, { plan: 'gold' });
  const status = await statusWhen(world, namespace, 'is refused', (s) => reasonOf(s, 'Degraded') === 'PlanUnknown');
  assert.deepEqual(status.limits, plans.free);
  assert.equal(reasonOf(status, 'SpecAccepted', 'False'), 'PlanUnknown');
  assert.match(JSON.stringify(status.conditions), /"gold\\" is not a plan of this installation; use one of free/);
  await world.restartOperator({ plans: { ...plans, gold: { requestsPerSecond: 500 } } });
  const known = await statusWhen(world, namespace, 'is taken over', (s) => reasonOf(s, 'SpecAccepted'));
  assert.deepEqual(known.limits, { requestsPerSecond: 500 });
});

test('limits, plan, reads and a changed plan write the status alone, and nothing once it is written', async (t) => {
  const world = await startWorld(t, server, { plans });
  const namespace = await createNamespace(admin, 'no-restart');
  await createStore(world, namespace);
  await runPod(world, await makePod(world, namespace), '127.0.0.78'); // nothing listens there
  await settled(world);
  const hashes = async () => {
    const set = await admin.get<StatefulSet>(statefulSets, { namespace, name: 'main-redis' });
    const pod = await admin.get(pods, { namespace, name: 'main-redis-0' });
    return [
      pod?.metadata.uid,
      pod?.metadata.annotations?.[RESTART_HASH_ANNOTATION],
      set?.spec.template?.metadata?.annotations?.[RESTART_HASH_ANNOTATION],
    ];
  };
  const before = await hashes();
  assert.ok(before.every((value) => value !== undefined));
  const start = writesIn(world, namespace).length;

  await editStore(world, namespace, { plan: 'free', reads: 'cached', limits: { tokensPerMonth: '1' } });
  await statusWhen(world, namespace, 'has limits', (s) => s.limits?.tokensPerMonth === '1');
  await world.restartOperator({ plans: { free: { requestsPerSecond: 21 } } });
  await statusWhen(world, namespace, 'has the new rate', (s) => s.limits?.requestsPerSecond === 21);
  const written = writesIn(world, namespace).slice(start);
  assert.deepEqual(
    written.filter(({ verb, object }) => !(verb === 'patch' && object === 'KVStore/main')),
    [],
  );
  assert.deepEqual(await hashes(), before);

  await settled(world);
  const rest = writesIn(world, namespace).length;
  await new Promise((resolve) => setTimeout(resolve, 2_500)); // two looks without a cause
  assert.deepEqual(writesIn(world, namespace).slice(rest), []);
});
