import type { IncomingMessage } from 'node:http';
import type { KubeClient } from './client.ts';
import { type ConnectOptions, loadConfig } from './config.ts';
import { type ExecOptions, exec } from './exec.ts';
import { type LogOptions, openLog } from './logs.ts';
import { type Forward, type ForwardOptions, forwardPort } from './port-forward.ts';
import { createRestClient } from './rest-client.ts';
import { createTransport } from './transport.ts';

/** What a person at a terminal does with a cluster: objects, and the calls that reach into a pod. */
export interface Cluster {
  client: KubeClient;
  /** The namespace of the kubeconfig's context, or of the pod that this runs in; `default` where neither names one. */
  namespace: string;
  exec(options: ExecOptions): Promise<number>;
  forward(options: ForwardOptions): Promise<Forward>;
  log(options: LogOptions): Promise<IncomingMessage>;
}

/** What the library takes where it finds neither a kubeconfig nor a pod's service account; nobody serves there. */
const FALLBACK = 'http://localhost:8080';

/** The cluster that the kubeconfig points at. Makes no request yet; throws where there is no kubeconfig. */
export function openCluster(options: ConnectOptions): Cluster {
  const config = loadConfig(options);
  if (config.getCurrentCluster()?.server === FALLBACK) {
    throw new Error('there is no kubeconfig: name one with --kubeconfig or KUBECONFIG, or put it at ~/.kube/config');
  }
  const transport = createTransport(config, options.userAgent);
  return {
    client: createRestClient(transport, { timeoutMs: options.timeoutMs }),
    namespace: config.getContextObject(config.getCurrentContext())?.namespace ?? 'default',
    exec: (call) => exec(config, call),
    forward: (call) => forwardPort(config, call),
    log: (call) => openLog(transport, call),
  };
}
