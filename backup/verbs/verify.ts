import type { Run } from '../job.ts';
import { openStored } from '../stored.ts';

/** Reads a stored backup to its end, all parts of it, without keeping it. */
export const verify: Run<'verify'> = async ({ place }, surroundings) => {
  const { manifest, read } = await openStored(place, surroundings);
  const parts: readonly (number | undefined)[] = manifest.parts ? [...manifest.parts.keys()] : [undefined];
  for (const part of parts) for await (const _ of read(part));
  return manifest.data;
};
