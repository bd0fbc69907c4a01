import type { ImageArchive } from './images.ts';

/** A cluster that is up, however it came about. */
export interface Cluster {
  provider: 'named' | 'kind' | 'embedded';
  /** Path of a kubeconfig with every right. */
  kubeconfig: string;
  /** Where the data plane answers once it is installed: `http://127.0.0.1:<port>`. */
  url: string;
  /** Whether the Redis and Cubby images have to be built here, because the cluster pulls none. */
  needsImages: boolean;
  /** Makes built images available to the pods of the cluster; rejects where the cluster only pulls. */
  loadImages(images: readonly ImageArchive[]): Promise<void>;
}
