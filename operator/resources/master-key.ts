import type { Manifest } from './manifest.ts';

/**
 * The Secret of the master key with that data. It does not carry the operator's label, whose caches need not hold the
 * key; and it has no owner, so that it outlives the release.
 */
export function masterKeySecret(
  { namespace, name }: { namespace: string; name: string },
  data: Record<string, string>,
): Manifest {
  const labels = { 'app.kubernetes.io/part-of': 'cubby' };
  return { apiVersion: 'v1', kind: 'Secret', metadata: { namespace, name, labels }, type: 'Opaque', data };
}
