import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeData } from '../../../../operator/reconcile/claim.ts';
import { isOlder } from '../../../../operator/reconcile/versions.ts';

const claim = (labels: Record<string, string>, annotations: Record<string, string>) => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'data-main-redis-0', namespace: 'shop', labels, annotations },
  spec: {},
});
const ours = { 'cubby.dev/store': 'main' };

test('what is on the volume is written once', () => {
  const data = { mode: 'aof', version: '8.0.2' } as const;
  const written = { 'cubby.dev/data-mode': 'aof', 'cubby.dev/data-version': '8.0.2' };
  assert.deepEqual(describeData(claim(ours, {}), 'main', data), { metadata: { annotations: written } });
  assert.equal(describeData(claim(ours, written), 'main', data), undefined);
  assert.equal(
    describeData(claim(ours, written), 'main', { mode: undefined, version: undefined }),
    undefined,
    'nothing is forgotten',
  );
});

test('a claim that somebody brought along gets the labels', () => {
  const patch = describeData(claim({}, {}), 'main', { mode: undefined, version: undefined });
  assert.equal(patch?.metadata?.labels?.['cubby.dev/store'], 'main');
});

test('a version is older by major and minor, as numbers', () => {
  assert.ok(isOlder('7.0', '8.0.2'));
  assert.ok(isOlder('8.2', '8.10'));
  assert.ok(!isOlder('8.0', '8.0.9'));
  assert.ok(!isOlder('8.0.1', '8.0.9'), 'patches share file formats');
  assert.ok(!isOlder('10.0', '9.9'));
});
