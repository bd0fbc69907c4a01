import { RESTART_HASH_ANNOTATION, storeLabels, storeSelector } from '../../contract/labels.ts';
import { childNames, REDIS_CONTAINER, REDIS_PORT, VOLUME_CLAIM_TEMPLATE } from '../../contract/names.ts';
import { formatBytes } from '../../contract/quantity.ts';
import { digest } from './digest.ts';
import { memberCommand, memberFileNames, memberLifecycle, sentinelContainer } from './member-pod.ts';
import { containerMemory } from './memory.ts';
import { FILES_HASH_ANNOTATION, restartHash, type Size, type StorePlan } from './plan.ts';
import { type LiveSettings, PATHS, persistenceDirectives, redisConf } from './redis-conf.ts';
import { containerSecurity, podSecurity } from './security.ts';

/** How long Redis has to save its data when it is stopped, in seconds. */
const GRACE_SECONDS = 60;

// A PING as the user "probe", who has no password; redis-cli sends AUTH only where it is given one. With -e an error
// reply, such as LOADING, is a failure; without it only silence is.
const ping = (...options: string[]) => ({
  exec: { command: ['redis-cli', ...options, '--user', 'probe', '--pass', 'none', '--no-auth-warning', 'ping'] },
});

const probes = {
  // A large append-only file takes minutes to load: an hour is given before the kubelet starts over.
  startupProbe: { ...ping('-e'), periodSeconds: 1, timeoutSeconds: 5, failureThreshold: 3600 },
  readinessProbe: { ...ping('-e'), periodSeconds: 5, timeoutSeconds: 3, failureThreshold: 2 },
  // Any answer will do, and two minutes of silence are borne: a fork of a large Redis is not a fault.
  livenessProbe: { ...ping(), periodSeconds: 20, timeoutSeconds: 10, failureThreshold: 6 },
};

/**
 * Starts Redis once no other holds the lock on the data directory. A pod that is deleted by force is replaced while its
 * Redis still runs and acknowledges writes: without the lock two would write the same files, and what the old one
 * acknowledged last would be lost. Redis inherits the descriptor, so the lock is held for as long as it lives.
 */
const START = `exec 9>${PATHS.data}/.lock
flock -n 9 || { echo 'waiting for the Redis that still holds the data'; flock 9 || exit 1; }
exec redis-server ${PATHS.conf}/${PATHS.confFile}`;

/**
 * A shard whose data is a snapshot alone, as on the volume of a store that had one Redis, starts from that: with appendonly
 * it would start empty. The others may have their log by then, so that what redis.conf says does not hold for all of them.
 */
const BY_FILES = `$([ ! -s ${PATHS.data}/dump.rdb ] || ls ${PATHS.data}/appendonlydir/*.manifest >/dev/null 2>&1 || echo --appendonly no --save ${persistenceDirectives('rdb').save})`;

/**
 * A shard tells the others the address of its Service, and clients the name, which is that of the pod: both outlive the
 * pod. A shard that is new may start before it can read its address.
 */
const shardStart = (namespace: string) => ({
  command: [
    'sh',
    '-c',
    `until address=$(sed -n "s/^\${POD##*-} //p" ${PATHS.conf}/${PATHS.membersFile}) && [ -n "$address" ]; do sleep 0.2; done
${START} --cluster-announce-ip "$address" --cluster-announce-hostname "$POD.${namespace}.svc" ${BY_FILES}`,
  ],
  env: [{ name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }],
});

/** Requests and limits of a Redis container of that size. */
export function redisResources(
  { memory, cpu = {} }: Pick<Size, 'memory'> & Partial<Size>,
  mode: LiveSettings['mode'],
): { requests: Record<string, string>; limits: Record<string, string> } {
  const bytes = containerMemory(memory, mode);
  return {
    requests: { memory: formatBytes(bytes.request), ...(cpu.request && { cpu: cpu.request }) },
    limits: { memory: formatBytes(bytes.limit), ...(cpu.limit && { cpu: cpu.limit }) },
  };
}

/** Digest of the files that are mounted into the pod. */
export function filesHash({ settings, acl, replication, addresses }: StorePlan): string {
  const members = replication ?? (settings.sharded && addresses);
  return digest([redisConf(settings), acl.text, ...(members ? [members] : [])]);
}

/** The pod of a store: Redis, and beside it Sentinel where the store is replicated, under Pod Security "restricted". */
export function podTemplate(plan: StorePlan): Record<string, unknown> {
  const { store, accepted, settings, replication } = plan;
  const start = settings.sharded ? shardStart(store.metadata.namespace) : { command: ['sh', '-c', START] };
  const plain = settings.sharded ? [PATHS.confFile, PATHS.membersFile] : [PATHS.confFile];
  const names = childNames(store.metadata.name);
  const files = {
    name: 'config',
    projected: {
      sources: [
        { configMap: { name: names.configMap, items: items(replication ? memberFileNames.plain : plain) } },
        { secret: { name: names.aclSecret, items: items(replication ? memberFileNames.secret : [PATHS.aclFile]) } },
      ],
    },
  };
  // A claim of that name comes from the StatefulSet's template; without persistence an empty directory takes its place.
  const scratch = settings.mode === 'none' ? [{ name: VOLUME_CLAIM_TEMPLATE, emptyDir: {} }] : [];
  return {
    metadata: {
      labels: storeLabels(store.metadata.name),
      annotations: {
        [RESTART_HASH_ANNOTATION]: restartHash(accepted),
        [FILES_HASH_ANNOTATION]: filesHash(plan),
      },
    },
    spec: {
      serviceAccountName: names.serviceAccount,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      terminationGracePeriodSeconds: GRACE_SECONDS,
      securityContext: podSecurity,
      ...((replication || settings.sharded) && { topologySpreadConstraints: spread(store.metadata.name) }),
      ...accepted.scheduling,
      containers: [
        {
          name: REDIS_CONTAINER,
          image: accepted.image,
          ...(plan.imagePullPolicy && { imagePullPolicy: plan.imagePullPolicy }),
          ...(replication ? { ...memberCommand('redis', settings.mode), lifecycle: memberLifecycle } : start),
          // Under fsync always Redis ends on a full volume, and only its log says so.
          terminationMessagePolicy: 'FallbackToLogsOnError',
          ports: [{ name: 'redis', containerPort: REDIS_PORT, protocol: 'TCP' }],
          ...probes,
          resources: redisResources(accepted, settings.mode),
          securityContext: containerSecurity,
          volumeMounts: [
            { name: VOLUME_CLAIM_TEMPLATE, mountPath: PATHS.data },
            { name: 'config', mountPath: PATHS.conf, readOnly: true },
          ],
        },
        ...(replication ? [sentinelContainer(plan)] : []),
      ],
      volumes: [files, ...scratch],
    },
  };
}

const items = (names: readonly string[]) => names.map((name) => ({ key: name, path: name }));

/** The pods of a store on different nodes, as far as that can be. */
const spread = (store: string) => [
  {
    maxSkew: 1,
    topologyKey: 'kubernetes.io/hostname',
    whenUnsatisfiable: 'ScheduleAnyway',
    labelSelector: { matchLabels: storeSelector(store) },
  },
];
