import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { covers } from '../../../kube/covers.ts';

/** Values as manifests hold them; the names include those that merge by key and those that JavaScript's objects inherit. */
const names = fc.constantFrom('name', 'ports', 'env', 'containers', 'limits', 'type', 'a', 'b', 'constructor');
const value = fc.letrec((tie) => ({
  any: fc.oneof({ depthSize: 'small' }, fc.string(), fc.integer(), fc.boolean(), tie('list'), tie('fields')),
  list: fc.array(tie('any'), { maxLength: 3 }),
  fields: fc.dictionary(names, tie('any'), { maxKeys: 4 }),
})).fields;

test('every value covers itself', () => {
  fc.assert(fc.property(value, (object) => covers(structuredClone(object), object)));
});

test('a live object with further fields at any depth still covers', () => {
  const widen = (object: unknown): unknown => {
    if (Array.isArray(object)) return object.map(widen);
    if (typeof object !== 'object' || object === null) return object;
    const fields = Object.entries(object).map(([name, field]) => [name, widen(field)]);
    return Object.fromEntries([...fields, ['addedByServer', 'x']]);
  };
  fc.assert(fc.property(value, (object) => covers(widen(object), object)));
});

test('a live object without a desired field, or with another value there, does not cover', () => {
  fc.assert(
    fc.property(value, fc.string(), (object, changed) => {
      const desired = { ...object, field: `${changed}!` };
      assert.equal(covers(object, desired), false);
      assert.equal(covers({ ...object, field: changed }, desired), false);
    }),
  );
});

test('the elements of lists that merge by key are found wherever they stand, among those of others', () => {
  const container = { name: 'redis', image: 'redis:8.0', ports: [{ containerPort: 6379 }] };
  const live = {
    ...container,
    ports: [{ containerPort: 6379, protocol: 'TCP', name: 'x' }],
    imagePullPolicy: 'Always',
  };
  const pod = (...containers: unknown[]) => ({ spec: { containers } });
  assert.ok(covers(pod({ name: 'sidecar' }, live), pod(container)));
  assert.ok(!covers(pod({ name: 'sidecar' }), pod(container)));
  assert.ok(!covers(pod({ ...live, image: 'redis:7.0' }), pod(container)));
});

test('mounts are found by path, Service ports by number and protocol', () => {
  const mounts = [{ mountPath: '/data', name: 'data' }];
  assert.ok(covers({ volumeMounts: [{ mountPath: '/x', name: 'x' }, ...mounts] }, { volumeMounts: mounts }));
  const service = (...ports: unknown[]) => ({ spec: { ports } });
  assert.ok(covers(service({ port: 1 }, { port: 6379, protocol: 'TCP', nodePort: 3 }), service({ port: 6379 })));
  assert.ok(!covers(service({ port: 6379, protocol: 'UDP' }), service({ port: 6379 })));
});

test('a port that somebody added to a NetworkPolicy does not go unnoticed', () => {
  const policy = (...ports: number[]) => ({
    spec: { ingress: [{ ports: ports.map((port) => ({ port, protocol: 'TCP' })) }] },
  });
  assert.ok(covers(policy(6379), policy(6379)));
  assert.ok(!covers(policy(6379, 22), policy(6379)));
});

test('lists without merge keys are compared in order and length', () => {
  assert.ok(!covers({ args: ['a', 'b'] }, { args: ['b', 'a'] }));
  assert.ok(!covers({ args: ['a', 'b'] }, { args: ['a'] }));
  assert.ok(!covers({ tolerations: [{ key: 'a' }, { key: 'b' }] }, { tolerations: [{ key: 'a' }] }));
  assert.ok(covers({ containers: [{ name: [] }] }, { containers: [{ name: [] }] }), 'a key that is none');
});

test('finalizers are a set, and an empty list is as good as none', () => {
  assert.ok(covers({ metadata: { finalizers: ['x', 'ours'] } }, { metadata: { finalizers: ['ours'] } }));
  assert.ok(covers({}, { ingress: [] }));
  assert.ok(!covers({ ingress: [{}] }, { ingress: [] }));
});

test('quantities are compared by value, but only where quantities stand', () => {
  const resources = (cpu: unknown, memory: string) => ({ resources: { limits: { cpu, memory } } });
  assert.ok(covers(resources('500m', '1Gi'), resources('0.5', '1024Mi')));
  assert.ok(covers(resources('1', '1Gi'), resources(1, '1Gi')));
  assert.ok(!covers(resources('501m', '1Gi'), resources('0.5', '1Gi')));
  assert.ok(!covers({ data: { x: '1000m' } }, { data: { x: '1' } }));
});

test('a desired undefined is no wish, a desired null is the wish for nothing', () => {
  assert.ok(covers({}, { a: undefined, b: null }));
  assert.ok(!covers({ b: 1 }, { b: null }));
});
