import { setTimeout as sleep } from 'node:timers/promises';
import type { KVBackup, KVStore } from '../../contract/objects.ts';
import { isAlreadyExists, isTransient } from '../../kube/errors.ts';
import type { ApiObject } from '../../kube/object.ts';
import { findBackup } from '../access/backups.ts';
import { FIELD_MANAGER, kvBackups } from '../access/kinds.ts';
import { CliError, EXIT } from '../errors.ts';
import { formatAge, formatBytes } from '../output/words.ts';
import type { Session } from '../session.ts';
import { viewBackup } from './backups.ts';

/** Whether a backup is waited for, and for how many seconds at most. */
export interface WaitOptions {
  wait: boolean;
  timeout: number;
}

const POLL_MS = 500;

/** Creates a KVBackup of the store, waits until it is complete where that is asked for, and shows it. */
export async function makeBackup(
  session: Session,
  { metadata, spec }: KVStore,
  object: ApiObject,
  options: WaitOptions,
) {
  const { client } = await session.cluster();
  if (options.wait && !spec.enabled) {
    const remedy = `wake it with: cubby enable ${metadata.name}, or give --no-wait to have the backup begin when somebody does`;
    throw new CliError(EXIT.conflict, `the store ${metadata.name} is hibernated, so its data does not change`, remedy);
  }
  const { name } = object.metadata;
  await client.create(kvBackups, object, { fieldManager: FIELD_MANAGER }).catch((error: unknown) => {
    if (!isAlreadyExists(error)) throw error;
    const remedy = 'see those that there are: cubby backups';
    throw new CliError(EXIT.conflict, `there is a KVBackup ${metadata.namespace}/${name} already`, remedy);
  });
  if (!options.wait) {
    const made = await findBackup(session, name);
    session.output.show(viewBackup(made), () => `${name} is asked for; see how far it is with: cubby backups\n`);
    return;
  }
  const view = viewBackup(await follow(session, name, options.timeout));
  session.output.show(view, () => {
    const what = `${view.keys === 1 ? '1 key' : `${view.keys} keys`}, ${formatBytes(view.size ?? 0)}`;
    return `${name} is complete: ${what} in ${view.place}\nrestore it with: cubby restore NEW --backup ${name}\n`;
  });
}

/** Tells on standard error how a backup comes on, and resolves with it once it is whole and stored. */
async function follow(session: Session, name: string, timeoutSeconds: number): Promise<KVBackup> {
  const start = Date.now();
  let shown = '';
  session.leaves(`the backup goes on; see it with: cubby backups, or end it with: cubby backup delete ${name}`);
  for (let backup = await findBackup(session, name); ; ) {
    const { state, message, progressBytes } = viewBackup(backup);
    const elapsed = Date.now() - start;
    if (state === 'Completed') {
      session.leaves(undefined);
      return backup;
    }
    if (state === 'Failed' || state === 'Deleting') {
      throw new CliError(EXIT.error, `the backup ${name} failed: ${message ?? 'it is being deleted'}`);
    }
    const sent = !progressBytes ? '' : `, ${formatBytes(progressBytes)} sent`;
    const step = `${message ?? 'waiting for the operator'}${sent}`;
    if (step !== shown) {
      shown = step;
      session.output.note(`${formatAge(elapsed).padStart(5)}  ${step}`);
    }
    if (elapsed > timeoutSeconds * 1000) {
      const text = `not complete within ${formatAge(timeoutSeconds * 1000)}: ${step}`;
      throw new CliError(EXIT.unavailable, text, 'it goes on; see cubby backups, or give more time by --timeout');
    }
    await sleep(POLL_MS, undefined, { signal: session.signal });
    const before = backup;
    backup = await findBackup(session, name).catch((error: unknown) => {
      if (isTransient(error)) return before;
      throw error;
    });
  }
}
