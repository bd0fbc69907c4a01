import { aclFile, GUEST_USERS, type GuestUser, guestRules } from '../../contract/acl.ts';
import type { ServiceUser } from '../../contract/credentials.ts';
import { digest } from './digest.ts';

const REVISION_USER = 'revision-';
const GUEST_REVISION_USER = 'guest-revision-';

/** A guest as Redis is to have him. */
export interface Guest {
  name: GuestUser;
  rules: string[];
  /** A user who may do nothing and is switched off: that he is there says that the guest has these very rules. */
  mark: string;
}

/** A store's users.acl with a mark by which a running Redis tells whether it has loaded these very users, and the guests. */
export interface Acl {
  text: string;
  /** Of the users of every store; a guest that comes or goes leaves it as it is. */
  revision: string;
  guests: Guest[];
}

/** The users that a running Redis has. */
export interface LoadedUsers {
  /** Undefined where it was not Cubby's users.acl that was loaded. */
  revision: string | undefined;
  names: ReadonlySet<string>;
}

const MARK_RULES = ['off', 'resetkeys', 'resetchannels', '-@all'];

/**
 * The users of a store. `guests` are SHA-256 hashes of the guests' passwords. Of the guests only `native` is in the file,
 * so that a restarted Redis has him at once; `shell` must not come back from a file when his time is over.
 */
export function storeAcl(
  passwords: Readonly<Record<ServiceUser, string>>,
  guests: Partial<Readonly<Record<GuestUser, string>>> = {},
): Acl {
  const users = aclFile(passwords);
  const revision = digest(users);
  const wanted = GUEST_USERS.flatMap((name) => (guests[name] === undefined ? [] : [createGuest(name, guests[name])]));
  const lines = wanted
    .filter(({ name }) => name === 'native')
    .flatMap(({ name, rules, mark }) => [aclLine(name, rules), aclLine(mark, MARK_RULES)]);
  const text = `${users}${[aclLine(REVISION_USER + revision, MARK_RULES), ...lines].join('\n')}\n`;
  return { text, revision, guests: wanted };
}

/** The users in the answer to ACL LIST. */
export function loadedUsers(aclList: readonly string[]): LoadedUsers {
  const names = aclList.map((line) => line.split(' ')[1] ?? '');
  const revision = names.find((name) => name.startsWith(REVISION_USER))?.slice(REVISION_USER.length);
  return { revision, names: new Set(names) };
}

/** A change of one guest: users to delete, which ends their connections, then users to set, in that order. */
export interface GuestChange {
  name: GuestUser;
  remove: string[];
  set: (readonly [name: string, rules: readonly string[]])[];
}

/**
 * What makes the guests of a running Redis those of `acl`. The mark is set last, so that a change that was broken off is
 * made again.
 */
export function guestChanges({ guests }: Acl, { names }: LoadedUsers): GuestChange[] {
  return GUEST_USERS.flatMap((name) => {
    const wanted = guests.find((guest) => guest.name === name);
    const stale = [...names].filter((user) => user.startsWith(markPrefix(name)) && user !== wanted?.mark);
    const isThere = names.has(name);
    if (wanted ? isThere && names.has(wanted.mark) : !isThere && stale.length === 0) return [];
    const set = wanted ? ([[name, wanted.rules] as const, [wanted.mark, MARK_RULES] as const] as const) : [];
    return [{ name, remove: [...(isThere ? [name] : []), ...stale], set: [...set] }];
  });
}

function createGuest(name: GuestUser, passwordHash: string): Guest {
  const rules = guestRules(passwordHash);
  return { name, rules, mark: markPrefix(name) + digest(rules) };
}

const markPrefix = (name: GuestUser) => `${GUEST_REVISION_USER}${name}-`;

const aclLine = (user: string, rules: readonly string[]) => `user ${user} ${rules.join(' ')}`;
