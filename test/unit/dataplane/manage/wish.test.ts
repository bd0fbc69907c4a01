import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newSpec, specChanges } from '../../../../dataplane/manage/wish.ts';
import { kvStore } from '../objects.ts';

const defaults = { defaultVersion: '8.0', defaultMemory: '256Mi' };
const specOf = (fields: Parameters<typeof kvStore>[0]) => kvStore({ version: '8.0', ...fields }).spec;

test('a new store has the defaults where nothing else is asked for, and keeps its data', () => {
  assert.deepEqual(newSpec('shop', {}, defaults), {
    projectId: 'shop',
    enabled: true,
    version: '8.0',
    memory: '256Mi',
    persistence: { mode: 'aof' },
  });
});

test('a new store is as asked for; an image of its own needs no version', () => {
  assert.deepEqual(newSpec('shop', { dockerImage: 'redis:7.4', memory: '64Mi', persistence: false }, defaults), {
    projectId: 'shop',
    enabled: true,
    image: 'redis:7.4',
    memory: '64Mi',
    persistence: { mode: 'none' },
  });
  const both = newSpec('shop', { dockerImage: 'redis:7.4', version: '7.0' }, defaults);
  assert.deepEqual([both.image, both.version], ['redis:7.4', '7.0']);
});

test('only what differs is written', () => {
  const spec = specOf({ memory: '256Mi', image: 'redis:7.4' });
  assert.deepEqual(specChanges(spec, {}), {});
  assert.deepEqual(specChanges(spec, { memory: '268435456', dockerImage: 'redis:7.4', persistence: true }), {});
  assert.deepEqual(specChanges(spec, { memory: '512Mi' }), { memory: '512Mi' });
  assert.deepEqual(specChanges(spec, { dockerImage: 'redis:8.0' }), { image: 'redis:8.0' });
  assert.deepEqual(specChanges(spec, { persistence: false }), { persistence: { mode: 'none' } });
});

test('a store with snapshots is persistent as it is', () => {
  assert.deepEqual(
    specChanges(specOf({ persistence: { mode: 'rdb', fsync: 'everysec', size: '1Gi' } }), { persistence: true }),
    {},
  );
});

test('a version that is asked for takes the place of an image, which would hide it', () => {
  assert.deepEqual(specChanges(specOf({ image: 'redis:7.4' }), { version: '8.0' }), { image: null });
  assert.deepEqual(specChanges(specOf({ image: 'redis:7.4' }), { version: '7.0', dockerImage: 'redis:7.0' }), {
    version: '7.0',
    image: 'redis:7.0',
  });
  assert.deepEqual(specChanges(specOf({}), { version: '8.0' }), {});
});
