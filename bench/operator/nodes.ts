import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ensureBinaries } from '../../cluster/binaries.ts';
import { startDaemon } from '../../cluster/daemon.ts';
import { consoleProgress } from '../../cluster/progress.ts';
import { startControllers } from '../../cluster/test-controllers.ts';
import type { KubeObject } from '../../kube/object.ts';
import { nodes } from '../../kube/resources.ts';
import type { BenchCluster } from './cluster.ts';

/** The address of every simulated pod; who plays its Redis listens there. */
export const POD_IP = '127.66.0.1';

/** What kwok makes of a new node, and of a pod that was given to it: they are Ready at once. A pod that is deleted is gone. */
const STAGES = `
apiVersion: kwok.x-k8s.io/v1alpha1
kind: Stage
metadata: { name: node-ready }
spec:
  resourceRef: { apiGroup: v1, kind: Node }
  selector:
    matchExpressions:
      - { key: '.status.conditions.[] | select( .type == "Ready" ) | .status', operator: NotIn, values: ["True"] }
  next:
    statusTemplate: |
      capacity: { cpu: 100k, memory: 100Ti, pods: 100k }
      allocatable: { cpu: 100k, memory: 100Ti, pods: 100k }
      conditions: [{ type: Ready, status: "True" }]
---
apiVersion: kwok.x-k8s.io/v1alpha1
kind: Stage
metadata: { name: pod-ready }
spec:
  resourceRef: { apiGroup: v1, kind: Pod }
  selector:
    matchExpressions:
      - { key: .metadata.deletionTimestamp, operator: DoesNotExist }
      - { key: .status.phase, operator: In, values: [Pending] }
  next:
    statusTemplate: |
      {{ $now := Now | Quote }}
      phase: Running
      startTime: {{ $now }}
      podIP: ${POD_IP}
      podIPs: [{ ip: ${POD_IP} }]
      conditions:
      - { type: Initialized, status: "True", lastTransitionTime: {{ $now }} }
      - { type: ContainersReady, status: "True", lastTransitionTime: {{ $now }} }
      - { type: Ready, status: "True", lastTransitionTime: {{ $now }} }
      containerStatuses:
      {{ range .spec.containers }}
      - name: {{ .name }}
        image: {{ .image | Quote }}
        imageID: ""
        ready: true
        started: true
        restartCount: 0
        state: { running: { startedAt: {{ $now }} } }
      {{ end }}
---
apiVersion: kwok.x-k8s.io/v1alpha1
kind: Stage
metadata: { name: pod-delete }
spec:
  resourceRef: { apiGroup: v1, kind: Pod }
  selector:
    matchExpressions:
      - { key: .metadata.deletionTimestamp, operator: Exists }
  next: { delete: true }
`;

/**
 * Starts the real controller manager and scheduler, and a node that kwok plays: pods run and are Ready without being there.
 * Resolves with what ends them.
 */
export async function startNodes({ server, client }: BenchCluster): Promise<() => Promise<void>> {
  const binaries = await ensureBinaries(['kwok', 'kube-scheduler'], consoleProgress);
  const { kubeconfig } = server;
  const directory = dirname(kubeconfig);
  const stages = join(directory, 'stages.yaml');
  await writeFile(stages, STAGES);
  await client.create(nodes, { apiVersion: 'v1', kind: 'Node', metadata: { name: 'simulated' } } as KubeObject);
  // Admission taints a new node as not ready, and the controller that would take that away does not run.
  await client.patch(nodes, { name: 'simulated' }, { spec: { taints: null } }, { type: 'merge' });
  const controllers = await startControllers(server);
  const rates = ['--kube-api-qps=1000', '--kube-api-burst=2000'];
  const daemons = [
    controllers,
    startDaemon({
      command: binaries['kube-scheduler'],
      args: [`--kubeconfig=${kubeconfig}`, '--leader-elect=false', '--secure-port=0', ...rates],
      log: join(directory, 'kube-scheduler.log'),
    }),
    startDaemon({
      command: binaries.kwok,
      args: [`--kubeconfig=${kubeconfig}`, `--config=${stages}`, '--manage-all-nodes', '--v=WARN'],
      log: join(directory, 'kwok.log'),
    }),
  ];
  return async () => {
    await Promise.all(daemons.map((daemon) => daemon.kill()));
  };
}
