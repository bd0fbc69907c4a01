import type { Cluster } from '../kube/cluster.ts';
import { CliError, EXIT } from './errors.ts';
import { createOutput, type Format, type Output, type Streams } from './output/output.ts';

/** The options that every command takes. */
export interface GlobalOptions {
  namespace?: string;
  context?: string;
  kubeconfig?: string;
  output: Format;
  url?: string;
  tokenFile?: string;
  project?: string;
  store?: string;
  systemNamespace: string;
}

/** One run of a command: what it was told, where it writes, and what it has open. */
export interface Session {
  options: GlobalOptions;
  env: NodeJS.ProcessEnv;
  stdin: NodeJS.ReadStream;
  output: Output;
  /** Aborts at Ctrl-C. */
  signal: AbortSignal;
  /** The cluster of the kubeconfig, loaded at the first call: most of a start's time is its library's. */
  cluster(): Promise<Cluster>;
  /** --namespace, else that of the kubeconfig's context. */
  namespace(): Promise<string>;
  /** Runs at the end, whatever the end: the last one first. */
  atEnd(cleanup: () => unknown): void;
  /** What to tell somebody who ends the command now. */
  leaves(text: string | undefined): void;
}

/** A session, and what ends it. */
export interface OpenSession extends Session {
  /** What is left behind by ending now. */
  left(): string | undefined;
  end(): Promise<void>;
}

/** A session of a process. Nothing is opened yet. */
export function openSession(
  options: GlobalOptions,
  process: Streams & { env: NodeJS.ProcessEnv; stdin: NodeJS.ReadStream },
  signal: AbortSignal,
  userAgent: string,
): OpenSession {
  const cleanups: (() => unknown)[] = [];
  let cluster: Promise<Cluster> | undefined;
  let left: string | undefined;

  const open = async (): Promise<Cluster> => {
    const { openCluster } = await import('../kube/cluster.ts');
    const { kubeconfig, context } = options;
    const opened = orUsage(kubeconfig ?? context, () => openCluster({ kubeconfig, context, userAgent }));
    cleanups.push(() => opened.client.close());
    return opened;
  };
  return {
    options,
    env: process.env,
    stdin: process.stdin,
    output: createOutput(process, process.env, options.output),
    signal,
    cluster: () => {
      cluster ??= open();
      return cluster;
    },
    async namespace() {
      return options.namespace ?? (await this.cluster()).namespace;
    },
    atEnd: (cleanup) => void cleanups.push(cleanup),
    leaves: (text) => {
      left = text;
    },
    left: () => left,
    async end() {
      for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
    },
  };
}

/** What `open` gives; where it throws and an option led there, that is the option's fault. */
function orUsage<T>(option: string | undefined, open: () => T): T {
  try {
    return open();
  } catch (error) {
    if (option === undefined) throw error;
    throw new CliError(EXIT.usage, (error as Error).message, 'check --kubeconfig and --context', error);
  }
}
