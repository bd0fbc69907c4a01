import {
  type AclUser,
  aclLine,
  GUEST_USERS,
  type GuestUser,
  guestRules,
  type ServicePasswords,
  serviceUsers,
} from '../../contract/acl.ts';
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
  /** The users of every store, and last the mark of them all. */
  users: AclUser[];
  guests: Guest[];
}

/** The users that a running Redis has. */
export interface LoadedUsers {
  /** Undefined where it was not Cubby's users.acl that was loaded, or a change of the users was broken off. */
  revision: string | undefined;
  /** By name, how each may sign in: `#` and the SHA-256 of a password, or `nopass`. */
  passwords: ReadonlyMap<string, readonly string[]>;
}

const MARK_RULES = ['off', 'resetkeys', 'resetchannels', '-@all'];

/**
 * The users of a store. `guests` are SHA-256 hashes of the guests' passwords. Of the guests only `native` is in the file,
 * so that a restarted Redis has him at once; the others must not come back from a file when their time is over.
 */
export function storeAcl(
  passwords: ServicePasswords,
  guests: Partial<Readonly<Record<GuestUser, readonly string[]>>> = {},
): Acl {
  const { revision, users } = markUsers(serviceUsers(passwords));
  const wanted = GUEST_USERS.flatMap((name) => (guests[name] === undefined ? [] : [createGuest(name, guests[name])]));
  const inFile = wanted
    .filter(({ name }) => name === 'native')
    .flatMap(({ name, rules, mark }): AclUser[] => [
      [name, rules],
      [mark, MARK_RULES],
    ]);
  return { text: `${[...users, ...inFile].map(aclLine).join('\n')}\n`, revision, users, guests: wanted };
}

/** Users with the mark of them all, and what it says. */
export function markUsers(own: readonly AclUser[]): Pick<Acl, 'revision' | 'users'> {
  const revision = digest(`${own.map(aclLine).join('\n')}\n`);
  return { revision, users: [...own, [REVISION_USER + revision, MARK_RULES]] };
}

/** The users in the answer to ACL LIST. */
export function loadedUsers(aclList: readonly string[]): LoadedUsers {
  const passwords = new Map(
    aclList.map((line) => {
      const [, name = '', ...rules] = line.split(' ');
      return [name, rules.filter((rule) => rule.startsWith('#') || rule === 'nopass')];
    }),
  );
  const marks = [...passwords.keys()].filter(isRevisionMark);
  const [mark] = marks;
  return { revision: marks.length === 1 ? mark?.slice(REVISION_USER.length) : undefined, passwords };
}

/**
 * What makes the users of every store those of `acl` in a running Redis that has others: users to set, the mark last, and
 * then marks to delete, so that a change that was broken off is made again.
 */
export function userChanges(
  { users }: Pick<Acl, 'users'>,
  { passwords }: LoadedUsers,
): { set: AclUser[]; remove: string[] } {
  const mark = users.at(-1)?.[0];
  return { set: users, remove: [...passwords.keys()].filter((name) => isRevisionMark(name) && name !== mark) };
}

/** A change of one guest: users to delete, which ends their connections, then users to set, in that order. */
export interface GuestChange {
  name: GuestUser;
  /** Redis had this guest before. */
  known: boolean;
  remove: string[];
  set: AclUser[];
}

/**
 * What makes the guests of a running Redis those of `acl`. A guest who may have signed in by what is accepted no longer is
 * removed first. The mark is set last, so that a change that was broken off is made again.
 */
export function guestChanges({ guests }: Acl, { passwords }: LoadedUsers): GuestChange[] {
  return GUEST_USERS.flatMap((name) => {
    const wanted = guests.find((guest) => guest.name === name);
    const stale = [...passwords.keys()].filter((user) => user.startsWith(markPrefix(name)) && user !== wanted?.mark);
    const held = passwords.get(name);
    const known = held !== undefined;
    if (wanted ? known && passwords.has(wanted.mark) : !known && stale.length === 0) return [];
    const stays = wanted && held?.every((password) => wanted.rules.includes(password));
    const set: AclUser[] = wanted
      ? [
          [name, wanted.rules],
          [wanted.mark, MARK_RULES],
        ]
      : [];
    return [{ name, known, remove: [...(known && !stays ? [name] : []), ...stale], set }];
  });
}

function createGuest(name: GuestUser, passwordHashes: readonly string[]): Guest {
  const rules = guestRules(name, passwordHashes);
  return { name, rules, mark: markPrefix(name) + digest(rules) };
}

const markPrefix = (name: GuestUser) => `${GUEST_REVISION_USER}${name}-`;

const isRevisionMark = (name: string) => name.startsWith(REVISION_USER);
