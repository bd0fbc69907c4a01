import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startTenantRedis, type TenantRedis } from '../../contract/tenant-redis.ts';
import { recordsOf } from './meters.ts';

const PRICE = 800;
/** More than all replicas come to while they are killed, and soon reached then. */
const BUDGET = 20_000_000;

let redis: TenantRedis;
before(async () => {
  redis = await startTenantRedis('8.0');
});
after(() => redis.stop());

test('replicas that are killed under load take no more than their leases, and the budget is not passed', async (t) => {
  let charged = 0;
  const start = (perSecond: number): ChildProcess => {
    const { host, port } = redis.server;
    const script = fileURLToPath(import.meta.resolve('./metering-replica.ts'));
    const args = [script, host, port, redis.password, 'crash', BUDGET, perSecond].map(String);
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    t.after(() => child.kill('SIGKILL'));
    child.stdout?.on('data', (dots: Buffer) => {
      charged += dots.length * PRICE;
    });
    return child;
  };
  const end = async (child: ChildProcess) => {
    const closed = new Promise((resolve) => child.once('close', resolve));
    child.kill('SIGKILL');
    await closed;
  };
  const lasting = start(700);
  let kills = 0;
  for (; kills < 6; kills++) {
    const before = charged;
    const child = start(1500);
    await sleep(1000 + Math.random() * 500);
    await end(child);
    assert.ok(charged > before, 'there was traffic before the kill');
  }
  for (let last = -1; last !== charged; ) {
    last = charged;
    await sleep(2500);
  }
  const [record] = await recordsOf(redis, 'crash');
  await end(lasting);
  const stranded = Object.values(record?.holders ?? {}).reduce((sum, { lease }) => sum + lease, 0);
  const uncounted = charged - (record?.spent.charged ?? 0);
  t.diagnostic(
    `${kills} kills; of ${BUDGET}: ${charged} charged, ${uncounted} uncounted, ${stranded} leased to the dead`,
  );
  assert.ok(charged <= BUDGET, `${charged} of ${BUDGET}`);
  assert.ok(uncounted >= 0 && uncounted <= stranded, `${uncounted} of ${stranded}`);
  assert.ok(charged > BUDGET - stranded - PRICE, 'all but the leases of the dead was to be had');
  // A lease is half a second of what the replica was asked for, or 256 calls.
  assert.ok(stranded <= kills * 1500 * PRICE, `${stranded}`);
});
