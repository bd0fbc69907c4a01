import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import { createMetrics } from '../../../dataplane/pipeline/metrics.ts';
import { createStoreReport } from '../../../dataplane/store-report.ts';

function setUp() {
  const lines: Record<string, unknown>[] = [];
  let now = 0;
  const log = pino({ level: 'trace' }, { write: (line: string) => lines.push(JSON.parse(line)) });
  const zero = () => 0;
  const gauges = {
    heldBytes: zero,
    connections: zero,
    stores: zero,
    tokens: zero,
    synced: () => true,
    ledger: undefined,
    silentSeconds: zero,
  };
  const metrics = createMetrics(gauges);
  const wait = (ms: number) => {
    now += ms;
  };
  return { lines, metrics, wait, report: createStoreReport(log, metrics, () => now) };
}

const address = (uid: string) => ({ uid, host: `${uid}.svc`, port: 6379, credentialGeneration: 1 });
const full = { event: 'command-failed', failure: 'full', code: 'OOM' } as const;

test('a thousand failures of one kind at one store are counted, and logged once until half a minute has passed', async () => {
  const { lines, metrics, wait, report } = setUp();
  for (let i = 0; i < 1000; i++) report(address('a'), full);
  assert.equal(lines.length, 1);
  report(address('b'), full);
  assert.equal(lines.length, 2, 'another store is another thing');
  wait(30_000);
  report(address('a'), full);
  assert.equal(lines.length, 3);
  assert.match(await metrics.registry.metrics(), /cubby_store_events_total\{event="command-failed",code="OOM"\} 1002/);
});

test('refused credentials are logged with their remedy', () => {
  const { lines, report } = setUp();
  report(address('a'), { event: 'connect-failed', code: 'WRONGPASS' });
  assert.match(String(lines[0]?.remedy), /master-key Secret/);
});
