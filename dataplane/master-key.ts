import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import {
  type MasterKeys,
  masterKeyId,
  parseMasterKey,
  parseMasterKeys,
  sameMasterKeys,
  succeedMasterKeys,
} from '../contract/credentials.ts';

/** What became of the files: other keys, by their ids, or why they cannot be used. */
export type MasterKeyEvent = { current: string; previous: string | undefined } | { error: string };

/** The files are read no more often than this, in ms. */
const REREAD_MS = 1_000;

/**
 * The master keys in a file, and in the one beside it whose name begins with "previous-" where there is one: as the
 * kubelet brings them up to date, so that a replaced key takes no restart. They are read when they are asked for; what
 * cannot be used leaves the keys that were known. Throws where there is no current one at first; without the previous one
 * there is still whoever knows the current. `now` is in ms.
 */
export function openMasterKeys(
  file: string,
  report: (event: MasterKeyEvent) => void,
  now: () => number = () => performance.now(),
): () => MasterKeys {
  let readAt = now();
  let failure: string | undefined;
  let read = begin();
  let keys = read;

  function begin(): MasterKeys {
    try {
      return readMasterKeys(file);
    } catch (error) {
      const alone = { current: parseMasterKey(readFileSync(file, 'utf8')) };
      failure = (error as Error).message;
      report({ error: failure });
      return alone;
    }
  }

  return () => {
    if (now() - readAt < REREAD_MS) return keys;
    readAt = now();
    try {
      const found = readMasterKeys(file);
      failure = undefined;
      if (sameMasterKeys(found, read)) return keys;
      read = found;
      keys = succeedMasterKeys(keys, found);
      report({ current: masterKeyId(keys.current), previous: keys.previous && masterKeyId(keys.previous) });
    } catch (error) {
      const { message } = error as Error;
      if (message !== failure) report({ error: message });
      failure = message;
    }
    return keys;
  };
}

function readMasterKeys(file: string): MasterKeys {
  // In this order: where they are replaced in between, the current one is read twice and never missed.
  const current = readFileSync(file, 'utf8');
  return parseMasterKeys(current, readIfThere(join(dirname(file), `previous-${basename(file)}`)));
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
