import { findKind } from '../../../cluster/kind.ts';

/** Why `npm start` would not bring up the embedded cluster here; undefined where it would. */
export async function findObstacle(): Promise<string | undefined> {
  if (process.env.CUBBY_KUBECONFIG) return 'CUBBY_KUBECONFIG names a cluster, so that no embedded one is started';
  if (process.platform !== 'linux') return 'the embedded cluster needs Linux';
  if (process.getuid?.() !== 0) return 'the embedded cluster needs root';
  if (await findKind()) return 'a Docker daemon answers, so that kind is started and not the embedded cluster';
  return undefined;
}
