import { createHash } from 'node:crypto';
import { aclLine, sentinelUsers } from '../../contract/acl.ts';
import { type Acl, markUsers } from './acl.ts';
import { handOverScript } from './hand-over-script.ts';
import { memberScripts, SCRIPTS } from './member-scripts.ts';
import { PATHS } from './redis-conf.ts';

/** The addresses of a replicated store's members, by ordinal, and how they sign in to one another. */
export interface Replication {
  addresses: readonly string[];
  /** The first member still is the one Redis that the store was, and no other may become the primary by itself. */
  holds?: boolean;
  /** The store has never had data, so that members may start without any before all are there. */
  isNew?: boolean;
  /** Passwords that each user may sign in with; by the first one the members themselves do. */
  passwords: Readonly<Record<'dataplane' | 'operator' | 'replica' | 'sentinel', readonly string[]>>;
}

/** The files of PATHS.conf that say who the members are and how they start, by name. */
export function memberFiles(
  storeUid: string,
  { addresses, holds = false, isNew = false }: Omit<Replication, 'passwords'>,
): Record<string, string> {
  // A Sentinel that has lost its file is the same Sentinel to the others.
  const id = (ordinal: number) => createHash('sha1').update(`${storeUid}\n${ordinal}`).digest('hex');
  const members = addresses.map((address, ordinal) => `${ordinal} ${address} ${id(ordinal)}\n`).join('');
  return {
    members,
    hold: holds ? 'yes\n' : '',
    new: isNew ? 'yes\n' : '',
    ...memberScripts,
    [SCRIPTS.handOver]: handOverScript,
  };
}

/** The files with passwords in clear, by name: Redis and Sentinel take them in no other form. */
export function memberSecrets({ passwords }: Pick<Replication, 'passwords'>): Record<string, string> {
  const [replica = ''] = passwords.replica;
  const [sentinel = ''] = passwords.sentinel;
  return {
    [PATHS.replicationFile]: `masteruser replica\nmasterauth ${replica}\n`,
    'sentinel.password': sentinel,
  };
}

/** The Sentinels' users with their mark. */
export function sentinelAcl({ passwords }: Pick<Replication, 'passwords'>): Pick<Acl, 'text' | 'revision' | 'users'> {
  const marked = markUsers(sentinelUsers(passwords));
  return { ...marked, text: `${marked.users.map(aclLine).join('\n')}\n` };
}
