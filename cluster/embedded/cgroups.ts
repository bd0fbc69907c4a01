import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readdir, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const REMOVAL_MS = 15_000;

/** Makes the control group `name` in every hierarchy of this machine, cgroup v1 and v2 alike. */
export async function createCgroups(name: string): Promise<void> {
  for (const root of findHierarchies(readFileSync('/proc/self/mountinfo', 'utf8'))) {
    await enableControllers(root);
    await mkdir(join(root, name), { recursive: true });
  }
}

/** Removes the control group `name` and those below it from every hierarchy, once their processes are gone. */
export async function removeCgroups(name: string): Promise<void> {
  const deadline = Date.now() + REMOVAL_MS;
  for (const root of findHierarchies(readFileSync('/proc/self/mountinfo', 'utf8'))) {
    const group = join(root, name);
    while (existsSync(group)) {
      try {
        await removeTree(group);
      } catch (error) {
        if (Date.now() > deadline)
          throw new Error(`${group} still holds processes: end them, then stop again`, { cause: error });
        await sleep(100);
      }
    }
  }
}

/** The mount points of cgroup hierarchies in a mountinfo text (proc(5)). */
export function findHierarchies(mountinfo: string): string[] {
  return mountinfo.split('\n').flatMap((line) => {
    const [mount = '', source = ''] = line.split(' - ');
    const point = mount.split(' ')[4];
    return point && /^cgroup2? /.test(source) ? [point] : [];
  });
}

// A v2 group gets only the controllers that its parent hands down; v1 hierarchies have no such file.
async function enableControllers(root: string): Promise<void> {
  const control = join(root, 'cgroup.subtree_control');
  if (!existsSync(control)) return;
  const available = readFileSync(join(root, 'cgroup.controllers'), 'utf8').trim();
  for (const controller of available.split(' ').filter(Boolean)) {
    // A controller that cannot be handed down is missed by the kubelet by name, if it needs it at all.
    await writeFile(control, `+${controller}`).catch(() => {});
  }
}

async function removeTree(group: string): Promise<void> {
  for (const entry of await readdir(group, { withFileTypes: true })) {
    if (entry.isDirectory()) await removeTree(join(group, entry.name));
  }
  await rmdir(group);
}
