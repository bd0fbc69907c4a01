import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import type { Config } from './config.ts';
import type { StoreIndex } from './directory/stores.ts';
import { createRedisLedger } from './metering/ledger.ts';
import { createMeter, type LedgerMeter } from './metering/meter.ts';
import type { StoreAddress } from './store/port.ts';
import { Connection } from './store/resp/connection.ts';

/** What a replica waits for the ledger's Redis; requests wait no longer for a lease, and go on without one. */
const LEDGER_TIMEOUT_MS = 1000;

/** The meter over the ledger that the configuration names; undefined where it names none. */
export function openMeter(
  config: Config,
  stores: StoreIndex,
  password: (address: StoreAddress) => readonly string[],
  log: Logger,
): LedgerMeter | undefined {
  const { ledger, prices } = config;
  if (!ledger) return undefined;
  return createMeter({
    ledger: createRedisLedger(() => {
      const found = stores.byName(ledger.namespace, ledger.name);
      if (found?.state !== 'serving') return undefined;
      const { target } = found;
      return new Connection({
        host: target.host,
        port: target.port,
        username: 'dataplane',
        password: password(target),
        connectTimeoutMs: LEDGER_TIMEOUT_MS,
        commandTimeoutMs: LEDGER_TIMEOUT_MS,
      });
    }),
    prices,
    replica: randomUUID(),
    overdraft: config.overdraftNanoTokens,
    report: (event) => log[event.event === 'ledger-away' ? 'warn' : 'info'](event, 'ledger'),
  });
}
