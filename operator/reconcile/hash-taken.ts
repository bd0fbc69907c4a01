import type { KVToken } from '../../contract/objects.ts';
import type { Cache } from '../../kube/cache.ts';
import { statusOf } from './report.ts';

/**
 * Whether the hash in spec.issued was another token's first. Whoever may see a KVToken may copy its hash: the copy must
 * neither stop the token nor get what is sent with it, also not once the token is rotated or gone.
 */
export function isHashTaken(tokens: Pick<Cache<KVToken>, 'list'>, token: KVToken): boolean {
  const { spec, metadata } = token;
  const { hashes, conditions } = statusOf(token) ?? {};
  const sha256 = spec.issued?.sha256;
  if (sha256 === undefined || hashes?.includes(sha256)) return false;
  if (conditions?.some(({ reason }) => reason === 'HashTaken')) return true;
  const isOlder = (other: KVToken) =>
    Date.parse(other.metadata.creationTimestamp) < Date.parse(metadata.creationTimestamp);
  return tokens
    .list()
    .filter((other) => other.metadata.uid !== metadata.uid)
    .some(
      (other) => statusOf(other)?.hashes?.includes(sha256) || (other.spec.issued?.sha256 === sha256 && isOlder(other)),
    );
}
