import { KubeConfig } from '@kubernetes/client-node';
import type { KubeClient } from './client.ts';
import { createRestClient } from './rest-client.ts';
import { createTransport } from './transport.ts';

/** Where the cluster is and who calls. */
export interface ConnectOptions {
  /** A kubeconfig file; without it `KUBECONFIG`, `~/.kube/config`, then the pod's service account. */
  kubeconfig?: string | undefined;
  /** Names the program in the API server's audit log and metrics. */
  userAgent: string;
  /** Time limit of a call that sets none. */
  timeoutMs?: number | undefined;
}

/** A client for the cluster that the kubeconfig, or the pod that this runs in, points at. Makes no request yet. */
export function connect(options: ConnectOptions): KubeClient {
  const config = new KubeConfig();
  if (options.kubeconfig) config.loadFromFile(options.kubeconfig);
  else config.loadFromDefault();
  return createRestClient(createTransport(config, options.userAgent), { timeoutMs: options.timeoutMs });
}
