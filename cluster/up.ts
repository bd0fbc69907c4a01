import { requireEmbedded, startEmbedded } from './embedded/embedded.ts';
import { findKind, startKind } from './kind.ts';
import { useNamed } from './named.ts';
import { consoleProgress, type Progress } from './progress.ts';
import type { Cluster } from './provider.ts';

/** How to come by a cluster. */
export interface UpOptions {
  /** A cluster of the user's own, rather than that of CUBBY_KUBECONFIG. */
  kubeconfig?: string | undefined;
  progress?: Progress;
}

/** Rejects, with the ways out, where none of the three kinds of cluster can be had. Touches nothing. */
export async function requireCluster(kubeconfig: string | undefined): Promise<void> {
  if (chooseNamed(kubeconfig) || (await findKind())) return;
  requireEmbedded();
}

/**
 * Brings a cluster up, or finds it up: the one that the user named, else kind where a Docker daemon answers, else the
 * embedded one. Rejects with the ways out where none can be had.
 */
export async function ensureCluster({ kubeconfig, progress = consoleProgress }: UpOptions = {}): Promise<Cluster> {
  const named = chooseNamed(kubeconfig);
  if (named) return useNamed(named, progress);
  const kind = (await findKind()) ? await startKind(progress).catch((error: Error) => error) : undefined;
  if (kind && !(kind instanceof Error)) return kind;
  // Docker without a node image, and without a way to pull one, is as good as no Docker.
  return startEmbedded(progress).catch((error: Error) => {
    throw kind ? new Error(error.message, { cause: kind }) : error;
  });
}

function chooseNamed(kubeconfig: string | undefined): string | undefined {
  return kubeconfig ?? process.env.CUBBY_KUBECONFIG;
}
