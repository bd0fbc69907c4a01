import type { TestContext } from 'node:test';
import { run } from '../../cluster/command.ts';
import { enter } from '../../cluster/embedded/namespaces.ts';
import { listRecords } from '../../cluster/embedded/record.ts';
import { ensurePackages } from '../../cluster/packages.ts';
import { cloneDirectory } from '../../cluster/paths.ts';
import { createProgress } from '../../cluster/progress.ts';
import { apply, kubectl } from './cluster.ts';

/** A volume of a certain size, which can be full and can grow: a file with a file system of its own, mounted on the node. */
export interface LoopVolume {
  /** Name of the storage class that a store must ask for to get it. */
  storageClassName: string;
  /** Takes up room on the volume. */
  occupy(mebibytes: number): Promise<void>;
  /** Gives that room back. */
  vacate(): Promise<void>;
  /**
   * Stands in for the resizer of a CSI driver, which no registry has for a node without a cloud: grows the device and
   * the file system, then says in the status of the claim that the capacity is there.
   */
  grow(mebibytes: number): Promise<void>;
}

/** Why there can be none on this cluster, or false. */
export const noLoopVolumes: string | false = (await holder())
  ? false
  : 'needs the embedded cluster, whose node is this machine';

async function holder(): Promise<number | undefined> {
  return (await listRecords()).find(({ layout }) => layout.clone === cloneDirectory)?.holder?.pid;
}

async function onNode(command: string, ...args: string[]): Promise<string> {
  return run(...enter((await holder()) ?? 0, command, args));
}

/** Makes the volume for the claim of the store `main` in a namespace; it goes with the test. */
export async function createLoopVolume(test: TestContext, namespace: string, mebibytes: number): Promise<LoopVolume> {
  const path = `/run/cubby/volumes/${namespace}`;
  const file = `${path}.img`;
  await ensurePackages(['mount', 'xfsprogs'], createProgress(console.error));
  await onNode('mkdir', '-p', path);
  await onNode('truncate', `--size=${mebibytes}M`, file);
  // XFS grows while it is mounted without CAP_SYS_RESOURCE, which ext4 asks for; so small it is for tests only.
  await onNode('mkfs.xfs', '-q', '--unsupported', '-l', 'size=8m', file);
  await onNode('mount', '-o', 'loop', file, path);
  await onNode('chown', '999:999', path);
  const storage = `${mebibytes}Mi`;
  await apply(
    {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: { name: namespace },
      provisioner: 'kubernetes.io/no-provisioner',
      allowVolumeExpansion: true,
    },
    {
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name: namespace },
      spec: {
        storageClassName: namespace,
        accessModes: ['ReadWriteOnce'],
        capacity: { storage },
        hostPath: { path },
        claimRef: { namespace, name: 'data-main-redis-0' },
        persistentVolumeReclaimPolicy: 'Retain',
      },
    },
  );
  test.after(async () => {
    await kubectl('delete', 'namespace', namespace, '--ignore-not-found');
    await kubectl('delete', 'pv,storageclass', namespace, '--ignore-not-found', '--wait=false');
    await onNode('umount', path);
    await onNode('rm', '-r', file, path);
  });
  return {
    storageClassName: namespace,
    occupy: async (size) => void (await onNode('fallocate', '--length', `${size}M`, `${path}/ballast`)),
    vacate: async () => void (await onNode('rm', `${path}/ballast`)),
    async grow(size) {
      await onNode('truncate', `--size=${size}M`, file);
      const device = (await onNode('losetup', '--associated', file, '--noheadings', '--output', 'NAME')).trim();
      await onNode('losetup', '--set-capacity', device);
      await onNode('xfs_growfs', path);
      const capacity = JSON.stringify({ status: { capacity: { storage: `${size}Mi` } } });
      const claim = ['pvc', 'data-main-redis-0', '-n', namespace];
      await kubectl('patch', ...claim, '--subresource=status', '--type=merge', '--patch', capacity);
    },
  };
}
