import type { Run } from '../job.ts';
import { dataPaths, manifestPath } from '../manifest.ts';
import { openTarget } from '../target/open.ts';

/** Removes a stored backup, its manifest first: what is left where this is interrupted does not claim to be one. */
export const remove: Run<'delete'> = async ({ place, parts }, { files }) => {
  const target = await openTarget(place, files);
  await target.remove(manifestPath(place));
  for (const encrypted of [true, false])
    for (const path of dataPaths(place, encrypted, parts)) await target.remove(path);
  return undefined;
};
