import { aclFile } from '../../contract/acl.ts';
import type { RedisUser } from '../../contract/credentials.ts';
import { digest } from './digest.ts';

const REVISION_USER = 'revision-';

/** A store's users.acl with a mark by which a running Redis tells whether it has loaded this very file. */
export interface Acl {
  text: string;
  revision: string;
}

/** users.acl with one user more, who may do nothing and is switched off: his name is the file's revision. */
export function storeAcl(passwords: Readonly<Record<RedisUser, string>>): Acl {
  const users = aclFile(passwords);
  const revision = digest(users);
  return { text: `${users}user ${REVISION_USER}${revision} off resetkeys resetchannels -@all\n`, revision };
}

/** The revision of the users that a Redis has loaded, from its ACL LIST. */
export function loadedRevision(aclList: readonly string[]): string | undefined {
  const names = aclList.map((line) => line.split(' ')[1] ?? '');
  return names.find((name) => name.startsWith(REVISION_USER))?.slice(REVISION_USER.length);
}
