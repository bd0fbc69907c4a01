import { run } from '../../cluster/command.ts';
import type { Case } from './cases.ts';
import { cpuSeconds } from './cpu.ts';
import type { Cubby } from './cubby.ts';
import { applyLoad, type Load, type LoadResult } from './load.ts';
import type { Subject } from './peers.ts';
import { cubbyLoads } from './requests.ts';
import type { BenchRedis } from './stores.ts';

/** One case in one round. */
export interface Measurement extends LoadResult {
  /** Of the server alone. */
  cpuSeconds: number;
  redisCpuSeconds: number;
  ledgerCpuSeconds: number;
  /** Commands that the ledger's Redis ran. */
  ledgerCommands: number;
}

/** Operations per second of the server's CPU. */
export function perCpuSecond({ operations }: Case, { requests, cpuSeconds }: Measurement): number {
  return (requests * operations) / cpuSeconds;
}

/** Puts a load on a server, and reads what it and its Redis used meanwhile. */
export async function measureOnce(
  directory: string,
  { stores, ledger }: Cubby,
  { pid, port }: Subject,
  load: Load,
  seconds: number,
): Promise<Measurement> {
  const used = async () => ({
    cpuSeconds: cpuSeconds(pid),
    redisCpuSeconds: await stores.cpuSeconds(),
    ledgerCpuSeconds: await ledger.cpuSeconds(),
    ledgerCommands: await ledger.commands(),
  });
  const before = await used();
  const result = await applyLoad(directory, port, load, seconds);
  const after = await used();
  return {
    ...result,
    cpuSeconds: after.cpuSeconds - before.cpuSeconds,
    redisCpuSeconds: after.redisCpuSeconds - before.redisCpuSeconds,
    ledgerCpuSeconds: after.ledgerCpuSeconds - before.ledgerCpuSeconds,
    ledgerCommands: after.ledgerCommands - before.ledgerCommands,
  };
}

/** What redis-benchmark gets out of the same Redis. */
export interface Ceiling {
  /** Commands that each of its 64 connections sends ahead. */
  pipeline: number;
  perSecond: number;
  perRedisCpuSecond: number;
}

/** GETs of 200 bytes by redis-benchmark, one at a time and in pipelines of 16. */
export async function measureCeilings({ host, port, cpuSeconds }: BenchRedis): Promise<Ceiling[]> {
  const ceilings: Ceiling[] = [];
  for (const pipeline of [1, 16]) {
    const requests = 300_000 * Math.min(pipeline, 8);
    const before = await cpuSeconds();
    const words = ['-h', host, '-p', port, '-c', 64, '-n', requests, '-P', pipeline, '--csv', 'GET', 'small-0'];
    const output = await run('redis-benchmark', words.map(String));
    const perSecond = Number(output.trim().split('\n').at(-1)?.split('","')[1]?.replaceAll('"', ''));
    ceilings.push({ pipeline, perSecond, perRedisCpuSecond: requests / ((await cpuSeconds()) - before) });
  }
  return ceilings;
}

/** Under batches of the greatest size, one at a time. */
export interface Lag {
  /** 99 % of the time the event loop answered within so many ms, by the process's own metric. */
  p99: number;
  batches: number;
  seconds: number;
}

/** How long the event loop is held up by the greatest batches. */
export async function measureLag(directory: string, cubby: Cubby, seconds: number): Promise<Lag> {
  const lag = () => cubby.metric('nodejs_eventloop_lag_p99_seconds');
  // Reading the metric starts it anew.
  await lag();
  const {
    requests,
    failed,
    seconds: took,
  } = await applyLoad(directory, cubby.port, cubbyLoads(cubby.tokens.main).greatestBatch, seconds);
  if (failed > 0) throw new Error(`${failed} batches of the greatest size failed`);
  return { p99: (await lag()) * 1000, batches: requests, seconds: took };
}
