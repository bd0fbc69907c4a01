import type { Run } from '../job.ts';
import { openStored } from '../stored.ts';

/** Reads a stored backup to its end, without keeping it. */
export const verify: Run<'verify'> = async ({ place }, surroundings) => {
  const { manifest, read } = await openStored(place, surroundings);
  for await (const _ of read());
  return manifest.data;
};
