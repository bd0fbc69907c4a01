import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decideRoll, decideStop, type RollInput } from '../../../../operator/reconcile/roll.ts';
import { pod, redis, running, waiting } from '../objects.ts';

const hash = (value: string) => ({ annotations: { 'cubby.dev/restart-hash': value } });
const old = pod(running(), hash('old'));
const due: RollInput = {
  pod: old,
  redis: redis(),
  templateHash: 'new',
  mode: 'aof',
  templateSeen: true,
  sameResources: true,
  sameRevision: false,
  announced: true,
};

const table: [string, Partial<RollInput>, string][] = [
  ['a restart is due and everything is saved', {}, 'replace'],
  ['nobody was told', { announced: false }, 'wait'],
  ['nobody was told, and Redis does not run', { announced: false, mode: 'none', redis: undefined }, 'replace'],
  ['there is no pod', { pod: undefined }, 'keep'],
  ['the pod is ending already', { pod: pod(running(), { ...hash('old'), deletionTimestamp: 'now' }) }, 'wait'],
  ['the pod is as the template', { templateHash: 'old' }, 'keep'],
  ['a running pod has another size', { templateHash: 'old', sameResources: false }, 'keep'],
  [
    'a pod that does not run has another size',
    { pod: pod(waiting('ContainerCreating'), hash('old')), templateHash: 'old', sameResources: false },
    'replace',
  ],
  [
    'an admission plugin gave it that size',
    {
      pod: pod(waiting('ContainerCreating'), hash('old')),
      templateHash: 'old',
      sameResources: false,
      sameRevision: true,
    },
    'keep',
  ],
  ['the controller has not seen the template', { templateSeen: false }, 'wait'],
  [
    'the old pod cannot pull its image',
    { pod: pod(waiting('ImagePullBackOff'), hash('old')), redis: undefined },
    'replace',
  ],
  [
    'the old pod crashes over and over',
    { pod: pod(waiting('CrashLoopBackOff'), hash('old')), redis: undefined },
    'replace',
  ],
  [
    'the old pod crashes, and the template is not seen',
    { pod: pod(waiting('CrashLoopBackOff'), hash('old')), templateSeen: false },
    'wait',
  ],
  ['there is nothing to save', { mode: 'none', redis: undefined }, 'replace'],
  ['Redis does not answer', { redis: { failure: 'timeout', down: false } }, 'wait'],
  ['Redis loads', { redis: redis({ loading: true }) }, 'wait'],
  ['the log could not be written', { redis: redis({ aof: { lastWriteOk: false } }) }, 'refuse'],
  ['the last snapshot failed', { mode: 'rdb', redis: redis({ snapshot: { lastOk: false, changes: 5 } }) }, 'refuse'],
  [
    'a new snapshot is being tried after one that failed',
    { mode: 'rdb', redis: redis({ snapshot: { lastOk: false, running: true } }) },
    'wait',
  ],
  ['there are writes that no snapshot has', { mode: 'rdb', redis: redis({ snapshot: { changes: 5 } }) }, 'save'],
  ['the snapshot is old', { mode: 'rdb', redis: redis({ snapshot: { changes: 5, ageSeconds: 61 } }) }, 'save'],
  ['the snapshot is fresh', { mode: 'rdb', redis: redis({ snapshot: { changes: 5, ageSeconds: 59 } }) }, 'replace'],
  ['a snapshot is being made', { mode: 'rdb', redis: redis({ snapshot: { changes: 5, running: true } }) }, 'wait'],
  ['nothing changed since the snapshot', { mode: 'rdb', redis: redis({ snapshot: { changes: 0 } }) }, 'replace'],
];

for (const [when, input, action] of table) {
  test(`${action} when ${when}`, () => {
    assert.equal(decideRoll({ ...due, ...input }).action, action);
  });
}

test('no pod is ever replaced that runs as the template says', () => {
  for (const [, input] of table) {
    const same = { ...due, ...input, pod: pod(running(), hash('new')), templateHash: 'new' };
    assert.equal(decideRoll(same).action, 'keep');
  }
});

test('before hibernation writes that are not on disk are saved, and nothing else is waited for', () => {
  const stop = (input: Partial<RollInput>) => decideStop({ ...due, ...input })?.action;
  assert.equal(stop({ mode: 'rdb', redis: redis({ snapshot: { changes: 5 } }) }), 'save');
  assert.equal(stop({ mode: 'rdb', redis: redis({ snapshot: { changes: 5, running: true } }) }), 'wait');
  const failed = { lastOk: false, changes: 5 };
  assert.equal(stop({ mode: 'rdb', redis: redis({ snapshot: failed }) }), 'retry', 'no oftener than Redis would');
  assert.equal(stop({ mode: 'rdb', redis: redis({ snapshot: { ...failed, running: true } }) }), 'wait');
  assert.equal(stop({ mode: 'aof' }), undefined);
  const full = redis({ aof: { lastWriteOk: false } });
  assert.equal(stop({ mode: 'aof', redis: full }), 'refuse', 'what it acknowledged last is in its memory alone');
  assert.equal(stop({ mode: 'none', redis: full }), undefined);
  assert.equal(stop({ mode: 'rdb', redis: { failure: 'timeout', down: false } }), undefined);
  assert.equal(stop({ mode: 'rdb', pod: undefined }), undefined);
});
