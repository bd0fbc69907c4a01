import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bearableMaxmemory, containerMemory } from '../../../../operator/resources/memory.ts';

const sizes = fc.integer({ min: 16 * 2 ** 20, max: 2 ** 42 });
const modes = fc.constantFrom('aof', 'rdb', 'none' as const);

test('with persistence the limit bears all data twice and 64Mi more; without, a quarter more', () => {
  const mib = 2 ** 20;
  assert.deepEqual(containerMemory(256 * mib, 'aof'), { request: 320 * mib, limit: 576 * mib });
  assert.deepEqual(containerMemory(256 * mib, 'rdb'), containerMemory(256 * mib, 'aof'));
  assert.deepEqual(containerMemory(256 * mib, 'none'), { request: 320 * mib, limit: 384 * mib });
});

test('a container always bears the maxmemory that it was made for, and its request is within its limit', () => {
  fc.assert(
    fc.property(sizes, modes, (maxmemory, mode) => {
      const { request, limit } = containerMemory(maxmemory, mode);
      assert.ok(request <= limit);
      assert.ok(bearableMaxmemory(limit, mode) >= maxmemory);
      assert.ok(bearableMaxmemory(limit - 2, mode) < maxmemory + 2, 'and not much more');
    }),
  );
});

test('more memory never means a smaller container', () => {
  fc.assert(
    fc.property(sizes, sizes, modes, (a, b, mode) => {
      const [less, more] = [Math.min(a, b), Math.max(a, b)];
      assert.ok(containerMemory(less, mode).limit <= containerMemory(more, mode).limit);
    }),
  );
});
