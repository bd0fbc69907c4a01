import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findHierarchies } from '../../../../cluster/embedded/cgroups.ts';

test('every hierarchy of a cgroup v1 machine is found, and the hybrid v2 one beside them', () => {
  const mountinfo = `22 27 0:21 / /proc rw,relatime - proc proc rw
28 23 0:24 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
29 28 0:25 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu
30 28 0:26 / /sys/fs/cgroup/memory rw,relatime shared:9 - cgroup cgroup rw,memory
31 28 0:27 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
`;
  assert.deepEqual(findHierarchies(mountinfo), [
    '/sys/fs/cgroup/cpu',
    '/sys/fs/cgroup/memory',
    '/sys/fs/cgroup/unified',
  ]);
});

test('the one hierarchy of a cgroup v2 machine is found', () => {
  const mountinfo = '35 24 0:30 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n';
  assert.deepEqual(findHierarchies(mountinfo), ['/sys/fs/cgroup']);
});
