import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { PRICED_OPERATIONS } from '../../../contract/prices.ts';
import { createRedisLedger } from '../../../dataplane/metering/ledger.ts';
import type { Ledger } from '../../../dataplane/metering/ledger-port.ts';
import { createMeter, type LedgerMeter, type MeterOptions } from '../../../dataplane/metering/meter.ts';
import type { Account, Counts, HistoryPoint, Meter } from '../../../dataplane/metering/port.ts';
import { type AccountRecord, decodeRecord } from '../../../dataplane/metering/record.ts';
import { Connection } from '../../../dataplane/store/resp/connection.ts';
import type { TenantRedis } from '../../contract/tenant-redis.ts';

/** Where a ledger is and how to sign in there. */
export interface LedgerAddress {
  host: string;
  port: number;
  password: string;
}

/** The ledger that a tenant's Redis is, as the data plane reaches it. */
export function addressOf({ server, password }: TenantRedis, port: number = server.port): LedgerAddress {
  return { host: server.host, port, password };
}

/** A ledger on a connection of its own, as a replica of the data plane has it. */
export function openLedger({ host, port, password }: LedgerAddress): Ledger {
  return createRedisLedger(
    () => new Connection({ host, port, username: 'dataplane', password, connectTimeoutMs: 300, commandTimeoutMs: 400 }),
  );
}

/** One replica's meter. */
export function openMeter(address: LedgerAddress, options: Partial<MeterOptions> = {}): LedgerMeter {
  return createMeter({ ledger: openLedger(address), replica: randomUUID().slice(0, 8), overdraft: 1e9, ...options });
}

/** The account of a project of that name. */
export function account(project: string, limits: Account['limits'] = {}): Account {
  return { project, limits };
}

/** All records of a project in the ledger, one per period, oldest first. */
export async function recordsOf(redis: TenantRedis, project: string): Promise<AccountRecord[]> {
  const admin = redis.admin();
  const keys = await admin.keys(`account:${project}:*`);
  return Promise.all(keys.sort().map(async (key) => decodeRecord(await admin.get(key))));
}

/** Asserts that the days of this month come to what the account of the month says; those of a test are all of the last hours. */
export async function assertHistoryMatches(meter: Meter, of: Account): Promise<void> {
  const [usage, days, hours] = await Promise.all([
    meter.usage(of),
    meter.history(of, 'day'),
    meter.history(of, 'hour'),
  ]);
  const ofMonth = days.filter(({ start }) => start >= usage.periodStart);
  const sum = (points: readonly HistoryPoint[]) => points.reduce((total, { charged }) => total + BigInt(charged), 0n);
  assert.equal(sum(ofMonth), usage.used);
  for (const operation of PRICED_OPERATIONS) {
    const counted = ofMonth.reduce((total, { counts }) => total + BigInt(counts[operation]), 0n);
    assert.equal(counted, usage.operations[operation].count, operation);
  }
  assert.equal(sum(hours), sum(days));
}

/** What became of calls. */
export interface Outcome {
  calls: number;
  covered: number;
  charged: number;
  refused: number;
  /** Covered after the first refusal. */
  coveredLate: number;
  /** How long the slowest waited. */
  slowestMs: number;
}

/** No call yet. */
export function nothing(): Outcome {
  return { calls: 0, covered: 0, charged: 0, refused: 0, coveredLate: 0, slowestMs: 0 };
}

/** One call that runs for a moment, and all of it. */
export async function call(meter: Meter, of: Account, counts: Counts, outcome: Outcome): Promise<boolean> {
  outcome.calls++;
  const start = performance.now();
  const asked = meter.reserve(of, counts);
  const reservation = asked instanceof Promise ? await asked : asked;
  outcome.slowestMs = Math.max(outcome.slowestMs, performance.now() - start);
  if (!reservation.covered) {
    outcome.refused++;
    return false;
  }
  if (outcome.refused > 0) outcome.coveredLate++;
  outcome.covered++;
  await new Promise(setImmediate);
  outcome.charged += reservation.settle(counts).charged;
  return true;
}

/** Makes calls at a steady rate, none waiting for another, until the time is over; resolves when all have ended. */
export async function pace(
  perSecond: number,
  seconds: number,
  make: () => Promise<unknown> | undefined,
): Promise<void> {
  const start = performance.now();
  const pending = new Set<Promise<unknown>>();
  for (let made = 0; ; ) {
    const elapsed = Math.min(seconds, (performance.now() - start) / 1000);
    for (; made < Math.floor(elapsed * perSecond); made++) {
      const call = make();
      if (call) {
        pending.add(call);
        call.finally(() => pending.delete(call));
      }
    }
    if (elapsed === seconds) break;
    await sleep(2);
  }
  await Promise.all(pending);
}
