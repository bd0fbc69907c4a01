import { basename } from 'node:path';
import { type RunOptions, run } from '../command.ts';
import type { ImageArchive } from '../images.ts';
import { inside } from './layout.ts';
import { enter } from './namespaces.ts';
import { kubeconfig } from './plan.ts';
import type { ClusterRecord } from './record.ts';

/** Whether the API server says that it is ready. */
export function isServerReady(kubectl: string): Promise<boolean> {
  return ask(kubectl, ['get', '--raw', '/readyz']).then(
    () => true,
    () => false,
  );
}

/** Whether the kubelet has said since `since` that the node is ready; what is stored may be from before a stop. */
export async function isNodeReady(kubectl: string, since: Date): Promise<boolean> {
  const path = '{range .status.conditions[?(@.type=="Ready")]}{.status} {.lastHeartbeatTime}{end}';
  const args = ['get', 'node', inside.nodeName, '-o', `jsonpath=${path}`];
  const [status, heartbeat = ''] = (await ask(kubectl, args).catch(() => '')).split(' ');
  // Heartbeats are in whole seconds.
  return status === 'True' && Date.parse(heartbeat) + 999 >= since.getTime();
}

/** A loaded image is labelled with the name of its archive, which changes with its content. */
const archiveLabel = 'cubby.dev/archive';

/** Whether containerd answers. */
export function isRuntimeReady(record: ClusterRecord): Promise<boolean> {
  return ctr(record, ['version']).then(
    () => true,
    () => false,
  );
}

/** Loads those of the images that the node lacks. */
export async function importImages(record: ClusterRecord, images: readonly ImageArchive[]): Promise<void> {
  for (const { reference, archive } of images) {
    const label = `${archiveLabel}=${basename(archive)}`;
    if ((await ctr(record, ['images', 'list', `name==${reference}`])).includes(label)) continue;
    // By standard input, as what is new in the host's /tmp may be hidden from inside.
    await ctr(record, ['images', 'import', '-'], { inputFile: archive });
    await ctr(record, ['images', 'label', reference, label]);
  }
}

function ask(kubectl: string, args: readonly string[]): Promise<string> {
  return run(kubectl, ['--kubeconfig', kubeconfig, '--request-timeout=2s', ...args]);
}

async function ctr({ holder }: ClusterRecord, args: readonly string[], options?: RunOptions): Promise<string> {
  if (!holder) throw new Error('the cluster has no namespaces: stop it with `npm run stop` and start again');
  return run(...enter(holder.pid, 'ctr', ['--namespace', 'k8s.io', ...args]), options);
}
