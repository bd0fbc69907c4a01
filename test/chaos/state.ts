import { ROLE_LABEL } from '../../contract/labels.ts';
import type { KVStore } from '../../contract/objects.ts';
import { hashToken } from '../../contract/token.ts';
import type { KubeObject } from '../../kube/object.ts';
import {
  configMaps,
  networkPolicies,
  persistentVolumeClaims,
  pods,
  secrets,
  serviceAccounts,
  services,
  statefulSets,
} from '../../kube/resources.ts';
import { isElsewhere, type Scene } from './scene.ts';

/** Keys that the suites write, and that a store's data is judged by. */
export const KEYS = ['kept', 'brief', 'later'] as const;

const kinds = [
  networkPolicies,
  serviceAccounts,
  configMaps,
  secrets,
  services,
  statefulSets,
  persistentVolumeClaims,
  pods,
];

/**
 * All that two runs must have in common: objects, status, what Redis says of itself and its data. Without what differs
 * between any two: names of namespaces, UIDs, addresses, times, passwords and tokens.
 */
export async function stateOf(scene: Scene): Promise<unknown> {
  const { client, namespace } = scene;
  const lists = await Promise.all(kinds.map((kind) => client.list<KubeObject>(kind, { namespace })));
  const objects = lists.flatMap(({ items }) => items.map(describe));
  const roles = lists.flatMap(({ items }) => items.flatMap(({ metadata }) => metadata.labels?.[ROLE_LABEL] ?? []));
  const [store, token, redis] = await Promise.all([scene.store(), scene.token(), readRedis(scene)]);
  const held = await readKeys(scene);
  const state = {
    objects,
    roles: roles.sort(),
    store: store && { spec: store.spec, status: describeStatus(store.status) },
    token: token && { status: { ...token.status, hashes: token.status?.hashes?.length } },
    tokenIsAccepted: token && (await isAccepted(scene)),
    redis,
    ...held,
  };
  return mask(state, namespace);
}

function describe(object: KubeObject): unknown {
  const { kind, metadata, spec, data } = object;
  const owners = metadata.ownerReferences?.map(({ kind, name, controller }) => ({ kind, name, controller }));
  const { name, annotations, deletionTimestamp, finalizers } = metadata;
  const labels = { ...metadata.labels, ...(metadata.labels?.[ROLE_LABEL] && { [ROLE_LABEL]: 'either' }) };
  const isSecret = kind === 'Secret';
  return {
    kind,
    metadata: { name, labels, annotations, owners, deleting: deletionTimestamp !== undefined, finalizers },
    spec: describeSpec(kind, spec),
    data: isSecret ? describeSecret(data as Record<string, string> | undefined) : data,
  };
}

/** Without what was given at random, or says when the object was made: a claim template has the mode of its time. */
function describeSpec(kind: string, spec: unknown): unknown {
  if (kind === 'Service') return { ...(spec as object), clusterIP: '', clusterIPs: [] };
  if (kind !== 'StatefulSet') return spec;
  const { volumeClaimTemplates = [], ...rest } = spec as { volumeClaimTemplates?: KubeObject[] };
  return { ...rest, volumeClaimTemplates: volumeClaimTemplates.map((template) => template.spec) };
}

/** Of a Secret the names of its fields, and of the users their rules. */
function describeSecret(data: Record<string, string> = {}): unknown {
  const text = (value: string) => Buffer.from(value, 'base64').toString();
  return Object.entries(data).map(([name, value]) => (name === 'users.acl' ? text(value) : name));
}

type Status = NonNullable<KVStore['status']>;

/** Neither which of the shards has a slot more than others is said, nor which of the members is the primary. */
function describeStatus(status: KVStore['status']): unknown {
  const { members } = status ?? {};
  if (!members) return status;
  const alike = members.map(({ name: _, slots, ...rest }) => ({ ...rest, hasSlots: slots !== undefined && slots > 0 }));
  const text = alike.map((member) => JSON.stringify(member)).sort();
  return {
    ...status,
    members: text,
    ...(members[0]?.slots !== undefined && { even: hasEvenShards(status as Status) }),
  };
}

/** Whether each shard has as many slots as any other, but for one. */
export function hasEvenShards({ members = [] }: Status): boolean {
  const slots = members.map(({ slots = 0 }) => slots);
  return slots.length > 0 && Math.max(...slots) - Math.min(...slots) <= 1;
}

/** What the keys that suites write have, whichever shard that says; and how many keys there are. */
async function readKeys(scene: Scene): Promise<{ held?: (string | null)[]; keys?: number }> {
  const elsewhere = (error: unknown) => {
    if (!isElsewhere(error)) throw error;
    return undefined;
  };
  const shards = await scene.redis('dataplane', async (redis) => ({
    values: await Promise.all(KEYS.map((key) => redis.get(key).catch(elsewhere))),
    size: await redis.dbsize(),
  }));
  if (shards.length === 0) return {};
  const held = KEYS.map((_, i) => shards.map(({ values }) => values[i]).find((value) => value !== undefined) ?? null);
  return { held, keys: shards.reduce((sum, { size }) => sum + size, 0) };
}

async function readRedis(scene: Scene): Promise<unknown> {
  return scene.redis('operator', async (redis) => {
    const info = await redis.info('server');
    const config = (await redis.call('CONFIG', 'GET', 'maxmemory*', 'append*', 'save', 'hz', 'timeout')) as string[];
    const users = (await redis.call('ACL', 'LIST')) as string[];
    const directives = config.flatMap((name, i) => (i % 2 === 0 ? [`${name} ${config[i + 1]}`] : []));
    return { version: /redis_version:(\S+)/.exec(info)?.[1], config: directives.sort(), users: users.sort() };
  });
}

async function isAccepted({ client, namespace, token }: Scene): Promise<boolean> {
  type WithData = KubeObject & { data?: Record<string, string> };
  const secret = await client.get<WithData>(secrets, { namespace, name: 'web' });
  const issued = Buffer.from(secret?.data?.token ?? '', 'base64').toString();
  const hashes = (await token())?.status?.hashes ?? [];
  return hashes.length === 1 && hashes[0] === hashToken(issued);
}

/** What no two runs share. */
const MASKS: readonly [RegExp, string][] = [
  [/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '<uid>'],
  [/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, '<time>'],
  [/\b(127|10\.96)(\.\d+){2,3}\b/g, '<address>'],
  [/[0-9a-f]{64}|\b[0-9a-f]{40}\b/g, '<hash>'],
  [/("[^"]*(?:hash|revision)[^"]*":)"\w+"/g, '$1"<hash>"'],
  [/(controller-revision-hash":)"[^"]+"/g, '$1"<hash>"'],
  [/(revision-(?:native-|shell-)?)\w+/g, '$1<hash>'],
  [/("used":)(\d+|"[^"]*")/g, '$1"<bytes>"'],
  [/("(?:prefix|lastFour)":)"[^"]*"/g, '$1"<token>"'],
  [/("observedGeneration":)\d+/g, '$1"<generation>"'],
];

function mask(state: unknown, namespace: string): unknown {
  const text = MASKS.reduce(
    (text, [pattern, replacement]) => text.replaceAll(pattern, replacement),
    JSON.stringify(state).replaceAll(namespace, '<namespace>'),
  );
  return JSON.parse(text);
}
