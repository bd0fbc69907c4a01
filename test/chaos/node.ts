import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../../cluster/command.ts';
import { redisProgram } from '../../cluster/test-redis.ts';
import type { BackupJob } from '../../contract/backup.ts';
import { MANAGED_BY, MANAGED_BY_LABEL, STORE_LABEL } from '../../contract/labels.ts';
import { childNames, PREFLIGHT_CONTAINER, SENTINEL_CONTAINER, VOLUME_CLAIM_TEMPLATE } from '../../contract/names.ts';
import type { KubeClient } from '../../kube/client.ts';
import { isConflict, isNotFound } from '../../kube/errors.ts';
import { type KubeObject, keyOf } from '../../kube/object.ts';
import { type Reflector, type ReflectorOptions, startReflector } from '../../kube/reflector.ts';
import {
  configMaps,
  persistentVolumeClaims,
  pods as podKind,
  type Resource,
  resource,
  secrets as secretKind,
} from '../../kube/resources.ts';
import type { VolumeClaim } from '../../operator/reconcile/kinds.ts';
import type { Pod as PodFields } from '../../operator/status/pod.ts';
import { type JobRun, jobOf, runJob } from './job.ts';
import { memberAddress, memberFiles } from './member-address.ts';
import { type MemberFiles, startMemberSandbox } from './member-sandbox.ts';
import { endedStatus, imageVersion, jobStatus, runningStatus, waitingStatus } from './pod-status.ts';
import { type RedisFiles, startRedisSandbox } from './redis-sandbox.ts';
import type { Sandbox } from './sandbox.ts';

type Pod = KubeObject & PodFields;
type Claim = KubeObject & VolumeClaim;
type WithData = KubeObject & { data?: Record<string, string> };

/** A node without a kernel of its own, with its scheduler and its binder of volumes. */
export interface SimulatedNode {
  /** How often a Redis was started in a namespace. */
  starts(namespace: string): number;
  /** Ends every Redis at once, and takes no more pods. */
  stop(): Promise<void>;
}

/** On a claim: the directory of this machine that its volume is, for what all claims of a test share. */
export const SHARED_VOLUME_ANNOTATION = 'cubby.dev/test-volume';

const bindings = resource('v1', 'Binding', 'bindings');
const NODE = 'simulated';

/**
 * Turns the pods of stores into real redis-servers of their image's version, on the pod's own redis.conf and users.acl,
 * at an address of the loopback network that is the pod's IP. Files follow their ConfigMap and Secret at once, deletion
 * is SIGTERM, and a claim's directory outlives the pod.
 */
export async function startNode(client: KubeClient, onError: (error: unknown) => void): Promise<SimulatedNode> {
  const directory = await mkdtemp(join(tmpdir(), 'cubby-node-'));
  const sandboxes = new Map<string, Sandbox>();
  const jobs = new Map<string, JobRun>();
  const holders = new Map<string, Promise<void>>();
  const starts = new Map<string, number>();
  const running = new Set<Promise<void>>();
  let stopped = false;

  /** What is gone, or was changed meanwhile, comes with the next event. */
  function act(work: () => Promise<unknown>): void {
    if (stopped) return;
    const isHarmless = (error: unknown) => stopped || isNotFound(error) || isConflict(error);
    const one: Promise<void> = work()
      .then(() => {})
      .catch((error) => (isHarmless(error) ? undefined : onError(error)))
      .finally(() => running.delete(one));
    running.add(one);
  }
  const follow = <T extends KubeObject>(
    kind: Resource,
    handlers: Pick<ReflectorOptions<T>, 'onUpsert' | 'onDelete'>,
  ): Reflector<T> =>
    startReflector<T>({
      client,
      resource: kind,
      labelSelector: `${MANAGED_BY_LABEL}=${MANAGED_BY}`,
      onError,
      ...handlers,
    });
  const setStatus = (kind: Resource, object: KubeObject, status: object) =>
    client.patch(kind, keyOf(object), { status }, { type: 'merge', subresource: 'status' });

  function onPod(pod: Pod): void {
    const sandbox = sandboxes.get(pod.metadata.uid ?? '');
    const ip = sandbox?.ip();
    if (pod.metadata.deletionTimestamp !== undefined) act(() => terminate(pod));
    else if (pod.spec.nodeName === undefined) act(() => bind(pod));
    else if (!sandbox && !jobs.has(pod.metadata.uid ?? '') && pod.status?.containerStatuses === undefined)
      act(() => start(pod));
    else if (ip !== undefined && isResized(pod)) act(() => setStatus(podKind, pod, runningStatus(pod, ip)));
  }

  async function bind(pod: Pod): Promise<void> {
    const { namespace, name } = pod.metadata;
    if (claimName(pod) && !claimOf(pod)) return; // comes again with the claim
    const target = { apiVersion: 'v1', kind: 'Node', name: NODE };
    const binding = { apiVersion: 'v1', kind: 'Binding', metadata: { namespace, name }, target };
    await client.create(bindings, binding as KubeObject);
  }

  async function start(pod: Pod): Promise<void> {
    const { uid = '' } = pod.metadata;
    const job = jobOf(pod);
    if (job) return workOn(pod, job);
    const [container] = pod.spec.containers;
    const version = imageVersion(container?.image ?? '');
    if (!version) return void (await setStatus(podKind, pod, waitingStatus(pod, 'ErrImagePull', 'no such image')));
    if (container?.name === PREFLIGHT_CONTAINER) {
      const { command, args } = await redisProgram(version);
      return void (await setStatus(podKind, pod, endedStatus(pod, await run(command, [...args, '--version']))));
    }
    const data = join(directory, claimOf(pod)?.metadata.uid ?? `scratch-${uid}`);
    const home = join(directory, `pod-${uid}`);
    const sandbox = runsSentinel(pod)
      ? startMemberSandbox({ version, data, home, holders, ...memberOf(pod) })
      : startRedisSandbox({ version, data, home, holders, files: filesOf(pod) });
    sandboxes.set(uid, sandbox);
    const { namespace = '' } = pod.metadata;
    starts.set(namespace, (starts.get(namespace) ?? 0) + 1);
    const ip = await sandbox.ready;
    if (ip) await setStatus(podKind, pod, runningStatus(pod, ip));
  }

  /** The check of what was fetched finds it good. */
  async function workOn(pod: Pod, job: BackupJob): Promise<void> {
    const { uid = '', namespace = '' } = pod.metadata;
    if (jobs.has(uid)) return;
    const at = (volume: string) => {
      const name = claimName(pod, volume);
      return name === undefined ? {} : { [volume]: volumeOf(namespace, name) };
    };
    const secret = secrets.cache.get({ namespace, name: secretName(pod, 'redis') ?? '' });
    const password = secret && Buffer.from(secret.data?.password ?? '', 'base64').toString();
    const run = runJob(job, join(directory, `pod-${uid}`), { ...at('data'), ...at('target') }, password);
    jobs.set(uid, run);
    const ended = await run.ended;
    if (ended) await setStatus(podKind, pod, jobStatus(pod, JSON.stringify(ended.result), ended.code ?? 137));
  }

  async function terminate(pod: Pod): Promise<void> {
    const { uid = '' } = pod.metadata;
    await jobs.get(uid)?.kill();
    await sandboxes.get(uid)?.end('SIGTERM');
    if (pods.cache.get(keyOf(pod))?.metadata.uid !== uid) return;
    await client.delete(podKind, keyOf(pod), { gracePeriodSeconds: 0, preconditions: { uid } });
  }

  const volumeOf = (namespace: string, name: string): string | undefined => {
    const { uid, annotations } = claims.cache.get({ namespace, name })?.metadata ?? {};
    return annotations?.[SHARED_VOLUME_ANNOTATION] ?? (uid && join(directory, uid));
  };
  const claimOf = (pod: Pod): Claim | undefined => {
    const name = claimName(pod);
    return name === undefined ? undefined : claims.cache.get({ namespace: pod.metadata.namespace, name });
  };
  const filesOf =
    ({ metadata: { namespace, name, labels } }: Pod) =>
    (): RedisFiles | undefined => {
      const names = childNames(labels?.[STORE_LABEL] ?? '');
      const { 'redis.conf': conf, members } = maps.cache.get({ namespace, name: names.configMap })?.data ?? {};
      const acl = secrets.cache.get({ namespace, name: names.aclSecret })?.data?.['users.acl'];
      if (conf === undefined || acl === undefined) return undefined;
      const files = { conf, acl: Buffer.from(acl, 'base64').toString() };
      if (!conf.includes('cluster-enabled yes')) return files;
      const address = memberAddress(members ?? '', ordinalOf(name));
      return address === undefined ? undefined : { ...files, shard: { address, name: `${name}.${namespace}.svc` } };
    };
  const memberOf = (pod: Pod) => {
    const { namespace, name, labels } = pod.metadata;
    const names = childNames(labels?.[STORE_LABEL] ?? '');
    const ordinal = ordinalOf(name);
    const keepsData = claimName(pod) !== undefined;
    const files = (): MemberFiles | undefined => {
      const map = maps.cache.get({ namespace, name: names.configMap })?.data ?? {};
      const hidden = Object.entries(secrets.cache.get({ namespace, name: names.aclSecret })?.data ?? {});
      const clear = hidden.map(([file, text]) => [file, Buffer.from(text, 'base64').toString()]);
      const files = memberFiles(map, Object.fromEntries(clear));
      const address = memberAddress(map.members ?? '', ordinal);
      return files && address !== undefined ? { address, files } : undefined;
    };
    return { ordinal, keepsData, files };
  };

  function onFile({ metadata: { namespace, labels } }: KubeObject): void {
    for (const { metadata } of pods.cache.list()) {
      if (metadata.namespace !== namespace || metadata.labels?.[STORE_LABEL] !== labels?.[STORE_LABEL]) continue;
      const sandbox = sandboxes.get(metadata.uid ?? '');
      if (sandbox) act(() => sandbox.refresh());
    }
  }

  function onClaim(claim: Claim): void {
    const { namespace, name } = claim.metadata;
    const storage = claim.spec.resources?.requests?.storage;
    if (claim.status?.phase !== 'Bound' || claim.status.capacity?.storage !== storage)
      act(() => setStatus(persistentVolumeClaims, claim, { phase: 'Bound', capacity: { storage } }));
    const pod = pods.cache.get({ namespace, name: name.slice(`${VOLUME_CLAIM_TEMPLATE}-`.length) });
    if (pod) onPod(pod);
  }

  const maps = follow<WithData>(configMaps, { onUpsert: onFile });
  const secrets = follow<WithData>(secretKind, { onUpsert: onFile });
  const pods = follow<Pod>(podKind, { onUpsert: onPod, onDelete: (pod) => act(() => terminate(pod)) });
  const claims = follow<Claim>(persistentVolumeClaims, {
    onUpsert: onClaim,
    onDelete: ({ metadata }) =>
      act(() => rm(join(directory, metadata.uid ?? 'none'), { recursive: true, force: true })),
  });
  const reflectors = [maps, secrets, pods, claims];
  await Promise.all(reflectors.map(({ synced }) => synced));

  return {
    starts: (namespace) => starts.get(namespace) ?? 0,
    async stop() {
      stopped = true;
      await Promise.all(reflectors.map((reflector) => reflector.stop()));
      await Promise.all([...jobs.values()].map((job) => job.kill()));
      await Promise.all([...sandboxes.values()].map((sandbox) => sandbox.end('SIGKILL')));
      await Promise.all(running);
      await rm(directory, { recursive: true, force: true });
    },
  };
}

const ordinalOf = (pod: string) => Number(pod.slice(pod.lastIndexOf('-') + 1));

const runsSentinel = ({ spec }: Pod) => spec.containers.some(({ name }) => name === SENTINEL_CONTAINER);

/** Name of the Secret that a pod's volume is of. */
function secretName({ spec }: Pod, called: string): string | undefined {
  type Volume = { name: string; secret?: { secretName: string } };
  const { volumes = [] } = spec as typeof spec & { volumes?: Volume[] };
  return volumes.find(({ name }) => name === called)?.secret?.secretName;
}

/** Name of the claim of a pod's volume: that of the data where none is named. */
function claimName({ spec }: Pod, called = VOLUME_CLAIM_TEMPLATE): string | undefined {
  type Volume = { name: string; persistentVolumeClaim?: { claimName: string } };
  const { volumes = [] } = spec as typeof spec & { volumes?: Volume[] };
  return volumes.find(({ name }) => name === called)?.persistentVolumeClaim?.claimName;
}

/** Whether the spec asks for other resources than the container is said to have. */
function isResized({ spec, status }: Pod): boolean {
  return spec.containers.some(({ name, resources }) => {
    const actual = status?.containerStatuses?.find((container) => container.name === name)?.resources;
    return actual !== undefined && JSON.stringify(actual) !== JSON.stringify(resources);
  });
}
