// A replica in a process of its own, to be killed: makes calls, and writes one byte for each that was charged.
import { writeSync } from 'node:fs';
import { account, openMeter, pace } from './meters.ts';

const [host = '', port = '', password = '', project = '', budget = '', perSecond = ''] = process.argv.slice(2);
const meter = openMeter({ host, port: Number(port), password });
const of = account(project, { nanoTokensPerMonth: BigInt(budget) });

await pace(Number(perSecond), 600, async () => {
  const reservation = await meter.reserve(of, { get: 1 });
  if (!reservation.covered) return;
  reservation.settle({ get: 1 });
  writeSync(1, '.');
});
