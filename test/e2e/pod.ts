import { apply, eventually, kubectl, type Manifest, read } from './cluster.ts';

/** The image of the running data plane: it has Node, and every cluster that runs Cubby has it. */
async function productImage(): Promise<string> {
  return kubectl('get', 'deploy', 'cubby-dataplane', '-n', 'cubby-system', '-o', 'jsonpath={..image}');
}

/** A pod under Pod Security `restricted` that runs a Node script; `spec` adds to its spec, `container` to its container. */
export async function scriptPod(
  namespace: string,
  name: string,
  script: string,
  { spec = {}, container = {} }: { spec?: Record<string, unknown>; container?: Record<string, unknown> } = {},
): Promise<Manifest> {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels: { app: name } } as Manifest['metadata'],
    spec: {
      restartPolicy: 'Never',
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 0,
      securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } },
      ...spec,
      containers: [
        {
          name,
          image: await productImage(),
          command: ['node', '-e', script],
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
          ...container,
        },
      ],
    },
  };
}

/** Runs a pod to its end, within a minute, and returns what it printed. */
export async function runPod(pod: Manifest): Promise<string> {
  const { name, namespace = 'default' } = pod.metadata;
  await apply(pod);
  await eventually(`pod ${name} to end`, 60, async () => {
    const phase = (await read('pod', namespace, name))?.status?.phase;
    return phase === 'Succeeded' || phase === 'Failed' || undefined;
  });
  return kubectl('logs', name, '-n', namespace);
}
