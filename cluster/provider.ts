import type { Progress } from './progress.ts';

/** A cluster that is up, however it came about. */
export interface Cluster {
  provider: 'named' | 'kind' | 'embedded';
  /** Path of a kubeconfig with every right. */
  kubeconfig: string;
  /** Settings of the chart by which `connect` finds the data plane. */
  chartValues: Readonly<Record<string, string | number>>;
  /** Makes Cubby's image and the stores' images available to pods; resolves with the reference of Cubby's image. */
  provideImages(progress: Progress): Promise<string>;
  /** Makes the installed data plane reachable and resolves with its URL, `http://127.0.0.1:<port>`. */
  connect(): Promise<string>;
  /** Takes the cluster down again if it was this run that brought it up. */
  discard(): Promise<void>;
}

/** NodePort of the data plane's Service in clusters of our own. */
export const dataPlaneNodePort = 30_080;

/** Chart settings for clusters whose nodes this machine reaches. */
export const nodePortValues = {
  'dataplane.service.type': 'NodePort',
  'dataplane.service.nodePort': dataPlaneNodePort,
} as const;
