import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findFreePorts, startDaemon, waitUntilReady } from '../../cluster/daemon.ts';
import { cpuSeconds } from '../dataplane/cpu.ts';
import { type BenchCluster, SYSTEM_NAMESPACE } from './cluster.ts';

/** How the chart starts the operator; Node sets the last flag by itself where a pod is limited to 512 MiB. */
export const OPERATOR_FLAGS = ['--max-semi-space-size=2', '--optimize-for-size', '--max-old-space-size=256'];
/** Its environment, beside what Node itself needs. */
export const OPERATOR_ENV: Readonly<Record<string, string>> = { NODE_ENV: 'production', MALLOC_ARENA_MAX: '2' };

/** The operator as a process of its own, from the bundle that the image carries. */
export interface Replica {
  pid: number;
  /** Seconds of CPU so far. */
  cpuSeconds(): number;
  /** The most memory that was ever resident, in MB. */
  peakMegabytes(): number;
  /** What is resident now, in MB. */
  megabytes(): number;
  leads(): Promise<boolean>;
  /** Requests that the API server answered so far, by "verb resource"; those that change something, without the Lease's. */
  writes(): Promise<Record<string, number>>;
  /** Reconciles of stores that ended so far. */
  reconciles(): Promise<number>;
  /** Stores that are Ready, as the operator sees them. */
  ready(): Promise<number>;
  /** Throws where the process has ended by itself, so that nobody waits for what it will not do. */
  check(): void;
  /** Ends the process by that signal and resolves once it is gone. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>;
}

export interface ReplicaOptions {
  /** The bundle. */
  program: string;
  /** Where its configuration and log are written. */
  directory: string;
  /** Flags of Node before the program. */
  flags?: readonly string[];
  /** Fields of the configuration. */
  config?: object;
}

/** Starts a replica; resolves once its caches are filled. */
export async function startReplica(
  { server }: Pick<BenchCluster, 'server'>,
  { program, directory, flags = [], config = {} }: ReplicaOptions,
): Promise<Replica> {
  const [port = 0] = await findFreePorts(1);
  const [file, log] = [join(directory, `operator-${port}.json`), join(directory, `operator-${port}.log`)];
  const whole = {
    systemNamespace: SYSTEM_NAMESPACE,
    image: 'ghcr.io/cubby-dev/cubby:test',
    versions: { '8.0': 'docker.io/library/redis:8.0' },
    dataPlaneUrl: 'http://cubby-dataplane.cubby-system.svc',
    port,
    ...config,
  };
  await writeFile(file, JSON.stringify(whole));
  const args = [...flags, program, '--config', file, '--kubeconfig', server.kubeconfig];
  const daemon = startDaemon({ command: process.execPath, args, log, env: OPERATOR_ENV });
  const url = `http://127.0.0.1:${port}`;
  const isReady = async () => (await fetch(`${url}/readyz`)).ok;
  await waitUntilReady(daemon, { name: 'the operator', log, isReady });
  const metrics = async () => (await fetch(`${url}/metrics`)).text();
  const { pid } = daemon;
  return {
    pid,
    cpuSeconds: () => cpuSeconds(pid),
    peakMegabytes: () => readMemory(pid, 'VmHWM'),
    megabytes: () => readMemory(pid, 'VmRSS'),
    leads: async () => /^cubby_operator_leader 1$/m.test(await metrics()),
    writes: async () => readWrites(await metrics()),
    async reconciles() {
      const rows = (await metrics()).matchAll(/^cubby_operator_reconciles_total\{controller="store",[^}]*\} (\d+)$/gm);
      return [...rows].reduce((sum, [, count]) => sum + Number(count), 0);
    },
    async ready() {
      return Number(/^cubby_stores\{phase="Ready"\} (\d+)$/m.exec(await metrics())?.[1] ?? 0);
    },
    check() {
      if (!daemon.hasEnded()) return;
      throw new Error(`the operator ended: ${readFileSync(log, 'utf8').trim().split('\n').slice(-3).join('\n')}`);
    },
    end: (signal) => daemon.kill(signal),
  };
}

function readMemory(pid: number, field: 'VmHWM' | 'VmRSS'): number {
  const kilobytes = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return (Number(kilobytes) * 1024) / 1e6;
}

function readWrites(metrics: string): Record<string, number> {
  const rows = metrics.matchAll(
    /^cubby_operator_api_requests_total\{verb="(create|update|apply|patch|delete)",resource="([^"]+)",[^}]*\} (\d+)$/gm,
  );
  const writes: Record<string, number> = {};
  for (const [, verb, resource, count] of rows) {
    if (resource === 'leases') continue;
    const name = `${verb} ${resource}`;
    writes[name] = (writes[name] ?? 0) + Number(count);
  }
  return writes;
}
