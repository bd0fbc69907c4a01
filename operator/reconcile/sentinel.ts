import { userChanges } from '../resources/acl.ts';
import { sentinelAcl } from '../resources/member-files.ts';
import type { StorePlan } from '../resources/plan.ts';
import type { Member } from './observe.ts';

/** Brings the users of a running Sentinel, and how it signs in itself, to what the plan says. */
export async function maintainSentinel(
  { replication }: Pick<StorePlan, 'replication'>,
  { sentinel }: Pick<Member, 'sentinel'>,
): Promise<void> {
  if (!replication || !sentinel || !('look' in sentinel)) return;
  const { look, session } = sentinel;
  const acl = sentinelAcl(replication);
  if (look.users.revision === acl.revision) return;
  const { set, remove } = userChanges(acl, look.users);
  await session.sentinelSignIn(replication.passwords.sentinel[0] ?? '');
  for (const [name, rules] of set) await session.aclSetUser(name, rules);
  await session.aclDelUsers(remove);
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
