import type { RedisSession } from '../redis/session.ts';
import type { StorePlan } from '../resources/plan.ts';
import { isTerminating, type Pod } from '../status/pod.ts';
import type { RedisLook } from './look.ts';

/** How many replicas Redis must have to take writes: one that is alone never has any. */
const DIRECTIVE = 'min-replicas-to-write';

/**
 * Lets a Redis that is alone refuse writes, or take them again. One that is about to be stopped refuses them before: what
 * was refused the data plane holds back, so that no write is under way when it ends, whose outcome nobody would know.
 */
export async function holdWrites(session: RedisSession, hold: boolean): Promise<void> {
  await session.configSet(DIRECTIVE, hold ? '1' : '0').catch(() => {}); // it has ended, or knows no such thing
}

/** Whether a Redis refuses writes for an operator that ended before it had stopped it. */
export function isLeftHeld({ replication }: StorePlan, pod: Pod, { config }: RedisLook): boolean {
  return !replication && config[DIRECTIVE] === '1' && !isTerminating(pod);
}
