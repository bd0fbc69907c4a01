import type { KubeClient } from './client.ts';
import { type Clock, sleep, systemClock } from './clock.ts';
import { isAlreadyExists, isConflict } from './errors.ts';
import type { ApiObject } from './object.ts';
import { leases } from './resources.ts';

/** `coordination.k8s.io/v1`; the times are RFC 3339 with exactly six digits of fraction, or the server refuses them. */
interface Lease extends ApiObject {
  spec: {
    holderIdentity?: string;
    leaseDurationSeconds?: number;
    acquireTime?: string;
    renewTime?: string;
    leaseTransitions?: number;
  };
}

/** Who competes for which Lease, and what follows from winning and losing. */
export interface ElectorOptions {
  client: Pick<KubeClient, 'get' | 'create' | 'replace'>;
  namespace: string;
  /** The Lease that the candidates share. */
  name: string;
  /** Unlike any other candidate's, also after a restart: the pod's name plus something random. */
  identity: string;
  /** Now the leader. Called once. */
  onElected: () => void;
  /** No longer the leader, though not by `stop`: another may take over within seconds, so end the process. */
  onLost: (reason: unknown) => void;
  /** An attempt failed; for logs. Conflicts with other candidates are not reported. */
  onError?: ((error: unknown) => void) | undefined;
  /** How long a silent leader is still the leader (15 s), how long it tries to renew (10 s), and how often (2 s). */
  leaseDurationMs?: number | undefined;
  renewDeadlineMs?: number | undefined;
  retryPeriodMs?: number | undefined;
  clock?: Clock | undefined;
  random?: (() => number) | undefined;
}

/** A running candidature. */
export interface Elector {
  /** Whether this process leads, by its own clock: false as soon as others may think so, even before `onLost`. */
  isLeader(): boolean;
  /** Gives up candidature; a leader hands the lease back, so that the next one need not wait for it to run out. */
  stop(): Promise<void>;
}

/**
 * Starts to compete for a Lease. As in client-go, the times in the Lease are for people: a candidate measures by its own
 * clock how long a record has not changed, so clocks that disagree make no second leader.
 */
export function startElector(options: ElectorOptions): Elector {
  const { client, namespace, name, identity, onElected, onLost, onError = () => {} } = options;
  const { leaseDurationMs = 15_000, renewDeadlineMs = 10_000, retryPeriodMs = 2_000 } = options;
  const { clock = systemClock, random = Math.random } = options;
  const key = { namespace, name };
  const stopping = new AbortController();
  let seen: { lease: Lease; at: number } | undefined;
  /** When the last successful renewal was sent; undefined while not the leader. */
  let renewedAt: number | undefined;

  function observe(lease: Lease, at: number): void {
    if (seen?.lease.metadata.resourceVersion !== lease.metadata.resourceVersion) seen = { lease, at };
  }

  /** Takes or renews the lease; true when it is ours. */
  async function attempt(timeoutMs: number): Promise<boolean> {
    const start = clock.monotonic();
    const bounds = { timeoutMs, signal: stopping.signal };
    // A leader knows the version that it wrote itself; a conflict makes it look again.
    const known = renewedAt === undefined ? undefined : seen?.lease;
    const lease = known ?? (await client.get<Lease>(leases, key, bounds));
    if (lease) observe(lease, clock.monotonic());
    if (lease && !mayTake(lease)) return false;
    const next = claim(lease, key, identity, leaseDurationMs, clock.wall());
    const write = lease ? client.replace : client.create;
    observe(await write<Lease>(leases, next, bounds), clock.monotonic());
    renewedAt = start;
    return true;
  }

  function mayTake({ spec }: Lease): boolean {
    if (!spec.holderIdentity || spec.holderIdentity === identity) return true;
    const durationMs = Math.max(leaseDurationMs, (spec.leaseDurationSeconds ?? 0) * 1000);
    return seen !== undefined && clock.monotonic() - seen.at >= durationMs;
  }

  async function tryOnce(timeoutMs: number): Promise<boolean> {
    try {
      return await attempt(timeoutMs);
    } catch (error) {
      if (isConflict(error) || isAlreadyExists(error)) seen = undefined;
      else if (!stopping.signal.aborted) onError(error);
      return false;
    }
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted && !(await tryOnce(renewDeadlineMs))) {
      await sleep(clock, retryPeriodMs * (1 + 0.2 * random()), stopping.signal);
    }
    if (stopping.signal.aborted) return;
    onElected();
    while (!stopping.signal.aborted) {
      await sleep(clock, retryPeriodMs, stopping.signal);
      const leftMs = (renewedAt ?? 0) + renewDeadlineMs - clock.monotonic();
      if (stopping.signal.aborted) return;
      if (leftMs > 0 && (await tryOnce(leftMs))) continue;
      if (stopping.signal.aborted) return;
      const holder = seen?.lease.spec.holderIdentity;
      const taken = holder !== undefined && holder !== identity;
      if (!taken && clock.monotonic() < (renewedAt ?? 0) + renewDeadlineMs) continue;
      renewedAt = undefined;
      onLost(new Error(taken ? `${holder} holds the lease ${name}` : `the lease ${name} could not be renewed in time`));
      return;
    }
  }

  async function release(): Promise<void> {
    if (renewedAt === undefined) return;
    renewedAt = undefined;
    try {
      // Read anew: a renewal that was cut off by stopping may have been stored all the same.
      const lease = await client.get<Lease>(leases, key, { timeoutMs: retryPeriodMs });
      if (lease?.spec.holderIdentity !== identity) return;
      await client.replace(leases, claim(lease, key, '', 1_000, clock.wall()), { timeoutMs: retryPeriodMs });
    } catch (error) {
      onError(error);
    }
  }

  const running = run();
  return {
    isLeader: () => renewedAt !== undefined && clock.monotonic() - renewedAt < leaseDurationMs,
    async stop() {
      stopping.abort(new Error('stopped'));
      await running;
      await release();
    },
  };
}

/** The lease as `holder` writes it; an empty one frees it. */
function claim(
  lease: Lease | undefined,
  key: { namespace: string; name: string },
  holder: string,
  durationMs: number,
  now: number,
): Lease {
  const renewTime = microTime(now);
  const old = lease?.spec;
  const stays = old?.holderIdentity === holder;
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: lease?.metadata ?? key,
    spec: {
      holderIdentity: holder,
      leaseDurationSeconds: Math.ceil(durationMs / 1000),
      acquireTime: stays ? (old.acquireTime ?? renewTime) : renewTime,
      renewTime,
      leaseTransitions: (old?.leaseTransitions ?? 0) + (lease && !stays && holder ? 1 : 0),
    },
  };
}

/** `metav1.MicroTime`: six digits of fraction, no more, no fewer. */
export function microTime(wallMs: number): string {
  return new Date(wallMs).toISOString().replace(/Z$/, '000Z');
}
