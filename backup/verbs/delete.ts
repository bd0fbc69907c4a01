import type { Run } from '../job.ts';
import { dataPath, manifestPath } from '../manifest.ts';
import { openTarget } from '../target/open.ts';

/** Removes a stored backup, its manifest first: what is left where this is interrupted does not claim to be one. */
export const remove: Run<'delete'> = async ({ place }, { files }) => {
  const target = await openTarget(place, files);
  await target.remove(manifestPath(place));
  await target.remove(dataPath(place, true));
  await target.remove(dataPath(place, false));
  return undefined;
};
