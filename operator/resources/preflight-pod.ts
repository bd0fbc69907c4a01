import { MANAGED_BY, MANAGED_BY_LABEL, RESTART_HASH_ANNOTATION, STORE_LABEL } from '../../contract/labels.ts';
import { PREFLIGHT_CONTAINER } from '../../contract/names.ts';
import type { KVStore } from '../../contract/objects.ts';
import type { Manifest } from './manifest.ts';
import { type RestartInputs, restartHash } from './plan.ts';
import { containerSecurity, podSecurity } from './security.ts';

/** Name of the pod that tries a store's new image before the old pod is stopped. */
export function preflightName(store: string): string {
  return `${store}-redis-preflight`;
}

/** What the pod of a store needs of its image, tried as that pod uses it. */
const TRY = `exec > /dev/termination-log 2>&1
command -v flock > /dev/null || { echo 'the image has no flock'; exit 1; }
exec redis-server --version`;

/** What a preflight tries. */
export interface PreflightOptions extends RestartInputs {
  imagePullPolicy?: string | undefined;
  /** The node of the running pod; absent lets the scheduler choose, which proves that the new scheduling can be met. */
  node?: string | undefined;
  /** What the new container needs beyond the running one, which the scheduler must find on `node`. */
  growth?: Record<string, string> | undefined;
}

/**
 * A pod that ends at once and leaves the version of the image's redis-server as its termination message: it proves that
 * the image can be pulled, may run here, and what it is. Its labels keep the store's Service from selecting it.
 */
export function preflightPod(store: KVStore, options: PreflightOptions): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: preflightName(store.metadata.name),
      namespace: store.metadata.namespace,
      labels: {
        'app.kubernetes.io/name': 'redis-preflight',
        [STORE_LABEL]: store.metadata.name,
        [MANAGED_BY_LABEL]: MANAGED_BY,
      },
      annotations: { [RESTART_HASH_ANNOTATION]: restartHash(options) },
    },
    spec: {
      restartPolicy: 'Never',
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      terminationGracePeriodSeconds: 0,
      securityContext: podSecurity,
      ...options.scheduling,
      ...(options.node && (options.growth ? { affinity: on(options.node) } : { nodeName: options.node })),
      containers: [
        {
          name: PREFLIGHT_CONTAINER,
          image: options.image,
          ...(options.imagePullPolicy && { imagePullPolicy: options.imagePullPolicy }),
          command: ['sh', '-c', TRY],
          resources: resources(options.growth),
          securityContext: containerSecurity,
        },
      ],
    },
  };
}

/** Through the scheduler, which counts what there is room for. */
function on(node: string): Record<string, unknown> {
  const matchFields = [{ key: 'metadata.name', operator: 'In', values: [node] }];
  return {
    nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchFields }] } },
  };
}

function resources(growth?: Record<string, string>): Record<string, unknown> {
  if (growth) return { requests: growth };
  return { requests: { cpu: '10m', memory: '16Mi' }, limits: { cpu: '200m', memory: '32Mi' } };
}

/** The version in what `redis-server --version` prints, for example "8.0.2"; undefined in any other text. */
export function versionOf(output: string): string | undefined {
  return /\bv=(\d+\.\d+\.\d+)/.exec(output)?.[1];
}
