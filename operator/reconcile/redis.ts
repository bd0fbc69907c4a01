import type { RedisSession } from '../redis/session.ts';
import { RedisRefusal } from '../redis/session.ts';
import { type GuestChange, guestChanges, userChanges } from '../resources/acl.ts';
import { TENANT_DIRECTIVES } from '../resources/directives.ts';
import { bearableMaxmemory } from '../resources/memory.ts';
import { FILES_HASH_ANNOTATION, type StorePlan } from '../resources/plan.ts';
import { filesHash } from '../resources/pod-template.ts';
import type { LiveSettings } from '../resources/redis-conf.ts';
import { diskTrouble } from '../status/disk-trouble.ts';
import type { Finding } from '../status/finding.ts';
import { isReady, isTerminating, type Pod } from '../status/pod.ts';
import type { RefusalReason, StepReason, TroubleReason } from '../status/store-facts.ts';
import type { DataFacts } from './claim.ts';
import { directivesToSet } from './configure.ts';
import type { RedisLook } from './look.ts';
import type { Observed } from './observe.ts';
import { movePersistence } from './persistence.ts';
import { memberMode } from './plan.ts';
import { actualMemoryLimit } from './resize.ts';
import { holdWrites, isLeftHeld } from './write-hold.ts';

/** What came of bringing the running Redis to what spec says. */
export interface RedisMaintained {
  refusals: Finding<RefusalReason>[];
  troubles: Finding<TroubleReason>[];
  steps: Finding<StepReason>[];
  data: DataFacts;
  /** Redis' maxmemory now, in bytes; absent while Redis cannot be asked. */
  maxmemory: number | undefined;
  /** Guests that were let in or sent out. */
  guests: GuestChange[];
  /** Something was set, which the next look will show. */
  changed: boolean;
}

/** Changes what can be changed while Redis runs: limits, policy, directives, persistence, users. */
export async function maintainRedis(plan: StorePlan, observed: Observed): Promise<RedisMaintained> {
  const { store, pod, redis } = observed;
  const result: RedisMaintained = {
    refusals: [],
    troubles: [],
    steps: [],
    data: { mode: undefined, version: undefined },
    maxmemory: undefined,
    guests: [],
    changed: false,
  };
  if (!pod || !redis) return result;
  if (!('look' in redis)) {
    if (!redis.down && isReady(pod) && !isTerminating(pod)) result.troubles.push(unreachable(redis.failure));
    return result;
  }
  const { look, session } = redis;
  result.maxmemory = Number(look.config.maxmemory);
  result.data.version = look.info.version;
  if (look.info.loading) return result;
  try {
    await configure(plan, pod, memberMode(plan, observed), look, session, result);
  } catch (error) {
    result.troubles.push(unreachable(error instanceof Error ? error.message : String(error)));
  }
  const trouble = diskTrouble(look, store.spec.persistence.mode);
  if (trouble) result.troubles.push(trouble);
  return result;
}

async function configure(
  plan: StorePlan,
  pod: Pod,
  startMode: LiveSettings['mode'],
  look: RedisLook,
  session: RedisSession,
  result: RedisMaintained,
): Promise<void> {
  if (isLeftHeld(plan, pod, look)) await holdWrites(session, false);
  await setDirectives(plan, look, session, bearableMaxmemory(actualMemoryLimit(pod), plan.settings.mode), result);
  await changePersistence(plan, startMode, look, session, result);
  if (look.users.revision !== plan.acl.revision) await changeUsers(plan, pod, look, session, result);
  await changeGuests(plan, look, session, result);
}

/** By command and not by ACL LOAD, which closes every connection in Redis 7.0, and waits for the kubelet. */
async function changeUsers(
  plan: StorePlan,
  pod: Pod,
  { users }: RedisLook,
  session: RedisSession,
  result: RedisMaintained,
): Promise<void> {
  const { set, remove } = userChanges(plan.acl, users);
  try {
    const [replica] = plan.replication?.passwords.replica ?? [];
    if (replica !== undefined) {
      await session.configSet('masteruser', 'replica');
      await session.configSet('masterauth', replica);
    }
    for (const [name, rules] of set) await session.aclSetUser(name, rules);
    await session.aclDelUsers(remove);
    result.changed = true;
  } catch (error) {
    if (!(error instanceof RedisRefusal)) throw error;
    // Redis has users of an operator that might not do that. The kubelet has been told of the new file when the pod
    // carries its hash.
    result.steps.push({ reason: 'LoadingUsers', message: 'Redis loads its users anew' });
    if (pod.metadata.annotations?.[FILES_HASH_ANNOTATION] === filesHash(plan)) await session.aclLoad();
  }
}

/** By command, as the other users. */
async function changeGuests(
  { acl }: StorePlan,
  { users }: RedisLook,
  session: RedisSession,
  result: RedisMaintained,
): Promise<void> {
  for (const change of guestChanges(acl, users)) {
    if (change.remove.length > 0) await session.aclDelUsers(change.remove);
    for (const [name, rules] of change.set) await session.aclSetUser(name, rules);
    result.guests.push(change);
    result.changed = true;
  }
}

async function setDirectives(
  { store, accepted }: StorePlan,
  look: RedisLook,
  session: RedisSession,
  bearable: number,
  result: RedisMaintained,
): Promise<void> {
  for (const [name, value] of directivesToSet(store, accepted, bearable, look)) {
    try {
      await session.configSet(name, value);
      result.changed = true;
      if (name === 'maxmemory') result.maxmemory = Number(value);
    } catch (error) {
      if (!(error instanceof RedisRefusal)) throw error;
      const field = Object.hasOwn(TENANT_DIRECTIVES, name) ? `spec.config.${name}` : name;
      const message = `Redis keeps ${name} ${look.config[name]}, because it refuses the new value; correct ${field}: ${error.message}`;
      result.refusals.push({ reason: 'ConfigInvalid', message });
    }
  }
}

async function changePersistence(
  { store }: StorePlan,
  startMode: LiveSettings['mode'],
  look: RedisLook,
  session: RedisSession,
  result: RedisMaintained,
): Promise<void> {
  const move = movePersistence(store.spec.persistence.mode, startMode, look);
  for (const [name, value] of Object.entries(move.set)) await session.configSet(name, value);
  if (move.snapshot) await session.bgsave();
  if (move.step) result.steps.push(move.step);
  if (move.filesAre !== 'none') result.data.mode = move.filesAre;
  if (Object.keys(move.set).length > 0) result.changed = true;
}

function unreachable(why: string): Finding<'RedisUnreachable'> {
  const message = `the operator cannot ask Redis, so changes wait: ${why}; look at the NetworkPolicies between the namespaces and at the pod's log. Where it is the password that is refused, delete the pod`;
  return { reason: 'RedisUnreachable', message };
}
