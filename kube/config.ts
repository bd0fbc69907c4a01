// Not from the package's index, which loads all that it has: a watch, an exec and the typed API take 10 MB in every process.
import { KubeConfig } from '@kubernetes/client-node/dist/config.js';
import type { KubeClient } from './client.ts';
import { createRestClient, type RestOptions } from './rest-client.ts';
import { createTransport } from './transport.ts';

/** Where the cluster is and who calls. */
export interface ConnectOptions extends RestOptions {
  /** A kubeconfig file; without it `KUBECONFIG`, `~/.kube/config`, then the pod's service account. */
  kubeconfig?: string | undefined;
  /** A context of the kubeconfig; its current one if absent. */
  context?: string | undefined;
  /** Names the program in the API server's audit log and metrics. */
  userAgent: string;
}

/** A client for the cluster that the kubeconfig, or the pod that this runs in, points at. Makes no request yet. */
export function connect(options: ConnectOptions): KubeClient {
  return createRestClient(createTransport(loadConfig(options), options.userAgent), options);
}

/** The kubeconfig with the chosen context as its current one. Throws where it is not there, or lacks the context. */
export function loadConfig({ kubeconfig, context }: Pick<ConnectOptions, 'kubeconfig' | 'context'>): KubeConfig {
  const config = new KubeConfig();
  if (kubeconfig) config.loadFromFile(kubeconfig);
  else config.loadFromDefault();
  if (context === undefined) return config;
  const known = config.getContexts().map(({ name }) => name);
  if (!known.includes(context)) {
    throw new Error(`the kubeconfig has no context ${context}; it has ${known.join(', ') || 'none'}`);
  }
  config.setCurrentContext(context);
  return config;
}
