import type { KVBackup } from '../../contract/objects.ts';
import { CliError, EXIT } from '../errors.ts';
import type { Session } from '../session.ts';
import { kvBackups } from './kinds.ts';

/** The backup of that name in the session's namespace. */
export async function findBackup(session: Session, name: string): Promise<KVBackup> {
  const { client } = await session.cluster();
  const namespace = await session.namespace();
  const found = await client.get<KVBackup>(kvBackups, { namespace, name }, { signal: session.signal });
  if (found) return found;
  throw new CliError(
    EXIT.notFound,
    `there is no backup ${namespace}/${name}`,
    'see those that there are: cubby backups',
  );
}
