import { userChanges } from '../resources/acl.ts';
import { sentinelAcl } from '../resources/member-files.ts';
import type { StorePlan } from '../resources/plan.ts';
import type { Finding } from '../status/finding.ts';
import type { Member } from './observe.ts';

/**
 * Brings the users of a running Sentinel, and how it signs in itself, to what the plan says. One that does not take it, as
 * on a volume that is full, keeps nobody else waiting.
 */
export async function maintainSentinel(
  { replication }: Pick<StorePlan, 'replication'>,
  { sentinel, pod }: Pick<Member, 'sentinel' | 'pod'>,
): Promise<{ troubles: Finding<'RedisUnreachable'>[] }> {
  if (!replication || !sentinel || !('look' in sentinel)) return { troubles: [] };
  const { look, session } = sentinel;
  const acl = sentinelAcl(replication);
  if (look.users.revision === acl.revision) return { troubles: [] };
  const { set, remove } = userChanges(acl, look.users);
  try {
    await session.sentinelSignIn(replication.passwords.sentinel[0] ?? '');
    for (const [name, rules] of set) await session.aclSetUser(name, rules);
    await session.aclDelUsers(remove);
    return { troubles: [] };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const message = `the Sentinel of ${pod?.metadata.name} does not take its new passwords: ${why}; see its log with kubectl logs -n ${pod?.metadata.namespace} ${pod?.metadata.name} -c sentinel, and whether its volume is full`;
    return { troubles: [{ reason: 'RedisUnreachable', message }] };
  }
}

/** Whether most of the Sentinels know a primary, which is one of these members. */
export function agreeOnPrimary(members: readonly Pick<Member, 'sentinel' | 'address'>[]): boolean {
  const addresses = members.map(({ address }) => address);
  const knowing = members.filter(
    ({ sentinel }) =>
      sentinel &&
      'look' in sentinel &&
      sentinel.look.primary !== undefined &&
      addresses.includes(sentinel.look.primary),
  );
  return knowing.length * 2 > members.length;
}
