import { aclPasswordHash, masterKeyId, type RedisUser, redisPasswords } from '../../contract/credentials.ts';
import { storeAcl } from '../resources/acl.ts';
import { DATA_MODE_ANNOTATION, type StorePlan } from '../resources/plan.ts';
import type { LiveSettings } from '../resources/redis-conf.ts';
import type { Acceptance } from './accept.ts';
import { publishedPassword } from './access.ts';
import { backupGuest } from './backup-access.ts';
import type { Context } from './context.ts';
import type { Member, Observed } from './observe.ts';
import { planReplication } from './replication.ts';
import { decideStop, type RollDecision } from './roll.ts';
import type { Shell } from './shell.ts';

/** What the children are made from, and what must come before Redis is stopped, where it is to be. */
export interface Planned {
  plan: StorePlan;
  /** By the members that are not ready for it. */
  beforeStop: { member: Member; decision: RollDecision }[];
  /** Name of the newest master key whose passwords the users of the plan have. */
  masterKey: string;
}

/** Puts together what was accepted and what was seen; undefined where nothing was ever accepted. Redis runs where it `mayRun`. */
export function planStore(
  { masterKeys, settings, caches }: Pick<Context, 'masterKeys' | 'settings' | 'caches'>,
  observed: Observed,
  { accepted, asked, catalogueVersion }: Pick<Acceptance, 'accepted' | 'asked' | 'catalogueVersion'>,
  shell: Shell,
  mayRun = true,
): Planned | undefined {
  if (!accepted) return undefined;
  const { store } = observed;
  const { uid } = store.metadata;
  const keys = masterKeys();
  const { credentialGeneration = 1, credentials } = store.status ?? {};
  const { previousGeneration } = credentials ?? {};
  const generations = [credentialGeneration, ...(previousGeneration === undefined ? [] : [previousGeneration])];
  const passwords = (user: RedisUser) => redisPasswords(keys, uid, generations, user);
  const native = store.spec.access?.redis ? passwords('native') : undefined;
  const isSharded = store.spec.shards !== undefined;
  // Shards start by what each of them has: see shardStart.
  const mode = isSharded ? store.spec.persistence.mode : startMode(observed);
  const replicated = planReplication(observed, accepted, passwords);
  const runs = store.spec.enabled && mayRun;
  const beforeStop = (runs ? [] : dataOwners(observed)).flatMap((member) => {
    const decision = decideStop({ ...member, mode: isSharded ? startMode({ store, ...member }) : mode });
    return decision ? [{ member, decision }] : [];
  });
  const plan: StorePlan = {
    store,
    accepted,
    asked,
    catalogueVersion,
    imagePullPolicy: settings.imagePullPolicy,
    settings: {
      maxmemory: accepted.memory,
      evictionPolicy: store.spec.evictionPolicy,
      mode,
      fsync: store.spec.persistence.fsync,
      config: accepted.config,
      ...(isSharded && { sharded: true }),
    },
    acl: storeAcl(
      replicated.replication?.passwords ?? {
        dataplane: passwords('dataplane'),
        operator: passwords('operator'),
        ...(isSharded && { cluster: passwords('cluster') }),
      },
      {
        ...(native && { native: native.map(aclPasswordHash) }),
        ...(shell.passwordHash !== undefined && { shell: [shell.passwordHash] }),
        ...backupGuest(caches.secrets, store),
      },
    ),
    access: native && { password: publishedPassword(caches.secrets, observed, native) },
    claimSize: observed.claim?.spec.resources?.requests?.storage,
    systemNamespace: settings.systemNamespace,
    ...replicated,
    ...(isSharded && { addresses: observed.members.map(({ address }) => address) }),
    replicas: runs || beforeStop.length > 0 ? (accepted.replicated || isSharded ? observed.members.length : 1) : 0,
  };
  return { plan, beforeStop, masterKey: masterKeyId(keys.current) };
}

/** The members that together have all data: the shards, or the one that stands for a store in which all have the same. */
export function dataOwners(observed: Observed): readonly Member[] {
  return observed.store.spec.shards === undefined ? [observed] : observed.members;
}

/** The mode in which the Redis that the snapshot speaks of would start now. */
export function memberMode({ settings }: Pick<StorePlan, 'settings'>, observed: Observed): LiveSettings['mode'] {
  return settings.sharded ? startMode(observed) : settings.mode;
}

/** The mode that Redis starts in: that of the files which the claim says are there, else the wanted one. */
function startMode({ store, claim }: Pick<Observed, 'store' | 'claim'>): LiveSettings['mode'] {
  const wanted = store.spec.persistence.mode;
  const files = claim?.metadata.annotations?.[DATA_MODE_ANNOTATION];
  return wanted !== 'none' && (files === 'aof' || files === 'rdb') ? files : wanted;
}
