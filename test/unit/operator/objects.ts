import { API_VERSION, type KVBackup, type KVBackupSchedule, type KVStore } from '../../../contract/objects.ts';
import type { RedisLook } from '../../../operator/reconcile/look.ts';
import type { Member, Observed } from '../../../operator/reconcile/observe.ts';
import type { RedisInfo } from '../../../operator/redis/info.ts';
import type { RedisSession } from '../../../operator/redis/session.ts';
import { storeAcl } from '../../../operator/resources/acl.ts';
import { withDefaults } from '../../../operator/resources/directives.ts';
import type { StorePlan } from '../../../operator/resources/plan.ts';
import { liveDirectives } from '../../../operator/resources/redis-conf.ts';
import type { Pod } from '../../../operator/status/pod.ts';

/** A store as the API server returns it, with the given parts of spec and status. */
export function store(spec: Partial<KVStore['spec']> = {}, status?: KVStore['status']): KVStore {
  return {
    apiVersion: API_VERSION,
    kind: 'KVStore',
    metadata: {
      name: 'main',
      namespace: 'shop',
      uid: 'store-uid',
      resourceVersion: '1',
      generation: 3,
      creationTimestamp: '2026-01-01T00:00:00Z',
    },
    spec: {
      version: '8.0',
      memory: '64Mi',
      evictionPolicy: 'noeviction',
      enabled: true,
      deletionPolicy: 'Retain',
      reads: 'primary',
      replicas: 1,
      persistence: { mode: 'aof', fsync: 'everysec', size: '1Gi' },
      ...spec,
    },
    ...(status && { status }),
  };
}

const PASSWORDS = { dataplane: 'dataplane-password', operator: 'operator-password' };

/** What the children of that store are made from. */
export function plan(spec: Partial<KVStore['spec']> = {}, changes: Partial<StorePlan> = {}): StorePlan {
  const object = store(spec);
  const { evictionPolicy, persistence } = object.spec;
  const maxmemory = 64 * 2 ** 20;
  return {
    store: object,
    accepted: { image: 'docker.io/library/redis:8.0', scheduling: {}, memory: maxmemory, config: {} },
    catalogueVersion: '8.0',
    settings: { maxmemory, evictionPolicy, mode: persistence.mode, fsync: persistence.fsync, config: {} },
    acl: storeAcl(PASSWORDS),
    systemNamespace: 'cubby-system',
    replicas: 1,
    ...changes,
  };
}

/** A pod with that status; it runs and is ready where nothing else is said. */
export function pod(status: Pod['status'] = running(), metadata: Partial<Pod['metadata']> = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'main-redis-0',
      namespace: 'shop',
      uid: 'pod-uid',
      creationTimestamp: '2026-01-01T00:00:00Z',
      ...metadata,
    },
    spec: { nodeName: 'node-1', containers: [{ name: 'redis', image: 'docker.io/library/redis:8.0' }] },
    status,
  };
}

/** The status of a pod that runs and is ready. */
export function running(): NonNullable<Pod['status']> {
  return {
    phase: 'Running',
    podIP: '10.0.0.1',
    conditions: [{ type: 'Ready', status: 'True' }],
    containerStatuses: [{ name: 'redis', ready: true, restartCount: 0, state: { running: {} } }],
  };
}

/** The status of a pod whose container waits for that reason. */
export function waiting(reason: string, message = ''): NonNullable<Pod['status']> {
  return {
    phase: 'Pending',
    containerStatuses: [{ name: 'redis', ready: false, restartCount: 0, state: { waiting: { reason, message } } }],
  };
}

/** What a Redis says that runs well and holds 1 MB; `info` and `config` change parts of it. */
export function redis(
  info: { [K in keyof RedisInfo]?: RedisInfo[K] extends object ? Partial<RedisInfo[K]> : RedisInfo[K] } = {},
  config: Record<string, string> = {},
): { look: RedisLook; session: RedisSession } {
  const { aof, snapshot, replication, keys, loaded, ...rest } = info;
  return {
    look: {
      info: {
        version: '8.0.2',
        loading: false,
        uptimeSeconds: 3_600,
        usedMemory: 1_000_000,
        keys: { all: 0, expiring: 0, ...keys },
        loaded: { keys: 0, expired: 0, ...loaded },
        aof: { enabled: true, rewriting: false, lastRewriteOk: true, lastWriteOk: true, ...aof },
        snapshot: { running: false, lastOk: true, ageSeconds: undefined, changes: 0, ...snapshot },
        replication: {
          role: 'primary',
          primaryHost: undefined,
          linked: false,
          downSeconds: undefined,
          syncing: false,
          offset: 0,
          history: '',
          priority: 100,
          replicas: 0,
          confirmed: Number.POSITIVE_INFINITY,
          waiting: 0,
          ...replication,
        },
        ...rest,
      },
      config: { ...liveDirectives({ ...plan().settings, config: withDefaults({}) }), ...config },
      users: { revision: plan().acl.revision, passwords: new Map() },
      writeError: undefined,
    },
    session: {} as RedisSession,
  };
}

/** A snapshot of a store that runs well; `changes` replace parts of it. */
export function observed(changes: Partial<Observed> = {}): Observed {
  const { accepted } = plan();
  const metadata = {
    name: 'main-redis',
    namespace: 'shop',
    uid: 'set-uid',
    annotations: { 'cubby.dev/catalogue-version': '8.0' },
  };
  const member: Member = { ordinal: 0, pod: pod(), claim: undefined, redis: redis() };
  for (const name of Object.keys(member) as (keyof Member)[])
    if (name in changes) Object.assign(member, { [name]: changes[name] });
  return {
    store: store(),
    project: { id: 'shop.main' },
    statefulSet: { apiVersion: 'apps/v1', kind: 'StatefulSet', metadata, spec: {} },
    accepted,
    preflight: undefined,
    ...member,
    members: [member],
    ...changes,
  };
}

const stored = (name: string) => ({ ...store().metadata, name, uid: `${name}-uid` });

/** A backup of that store to a volume, with the given metadata and status. */
export function backup(
  metadata: Partial<KVBackup['metadata']> = {},
  status?: KVBackup['status'],
  spec: Partial<KVBackup['spec']> = {},
): KVBackup {
  return {
    apiVersion: API_VERSION,
    kind: 'KVBackup',
    metadata: { ...stored('monday'), ...metadata },
    spec: { storeRef: { name: 'main' }, target: { volume: { claimName: 'vault' } }, deletionPolicy: 'Retain', ...spec },
    ...(status && { status }),
  };
}

/** A schedule of that store for every night at three, made on the first day of 2026. */
export function schedule(
  spec: Partial<KVBackupSchedule['spec']> = {},
  status?: KVBackupSchedule['status'],
): KVBackupSchedule {
  return {
    apiVersion: API_VERSION,
    kind: 'KVBackupSchedule',
    metadata: stored('nightly'),
    spec: {
      storeRef: { name: 'main' },
      schedule: '0 3 * * *',
      timeZone: 'UTC',
      suspend: false,
      startingDeadlineSeconds: 3600,
      ...spec,
    },
    ...(status && { status }),
  };
}
