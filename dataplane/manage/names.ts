import { createHash } from 'node:crypto';

/** metadata.name of a KVStore has at most so many characters; see crds/. */
const MAX_LENGTH = 40;
const HASH_LENGTH = 8;
const HASHED = /-[0-9a-f]{8}$/;

/**
 * The name of the KVStore that is made for a project: the project's id where that is a fit name, otherwise what is fit in
 * it and a hash of the whole. An id that looks hashed is hashed as well, so that no two projects share a name.
 */
export function storeNameOf(project: string): string {
  const slug = project
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^(?=[^a-z])-?/, 'p-');
  const fit = trimDashes(slug);
  if (fit === project && fit.length <= MAX_LENGTH && !HASHED.test(project)) return fit;
  const hash = createHash('sha256').update(project).digest('hex').slice(0, HASH_LENGTH);
  return `${trimDashes(fit.slice(0, MAX_LENGTH - HASH_LENGTH - 1))}-${hash}`;
}

function trimDashes(text: string): string {
  return text.replace(/-+$/, '');
}
