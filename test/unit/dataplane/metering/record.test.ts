import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AccountAsk } from '../../../../dataplane/metering/ledger-port.ts';
import { periodAt } from '../../../../dataplane/metering/period.ts';
import { createRecord, decodeRecord, encodeRecord, settle } from '../../../../dataplane/metering/record.ts';
import { count, createTally } from '../../../../dataplane/metering/tally.ts';

const prices = { get: 800, set: 5300, delete: 5300, increment: 5300, scan: 5000 };

function ask(fields: Partial<AccountAsk> = {}): AccountAsk {
  const none = { spent: createTally(), keep: 0, want: 0, need: 0, least: 0 };
  return { project: 'p', period: 1, replica: 'a', seq: 1, budget: 100_000, ...none, ...fields };
}

test('a record is the same after it was written and read', () => {
  const record = createRecord();
  const spent = createTally();
  count(spent, { get: 3, scan: 1 }, prices);
  settle(record, ask({ spent, want: 500, need: 500 }), 77);
  record.lost = 5;
  assert.deepEqual(decodeRecord(encodeRecord(record)), record);
  assert.deepEqual(decodeRecord(null), createRecord());
});

test('an hour is kept in the record until another begins, and is moved once', () => {
  const record = createRecord();
  const spent = createTally();
  count(spent, { get: 1 }, prices);
  const period = periodAt(0);
  const tell = (seq: number, seconds: number) => settle(record, ask({ seq, period, spent }), seconds).moved;
  assert.deepEqual([tell(1, 10), tell(2, 3599), record.recent?.spent.operations.get.count], [undefined, undefined, 2]);
  assert.deepEqual([tell(3, 3600)?.hour, record.recent?.hour], [0, 3_600_000]);
  assert.equal(tell(3, 7200), undefined, 'a repeated ask moves nothing');
  assert.equal(settle(record, ask({ seq: 4, period }), 7200).moved, undefined, 'and neither does one of nothing');
  assert.deepEqual(decodeRecord(encodeRecord(record)), record);
});

test('what is no record is told from an empty one', () => {
  for (const text of ['', 'x', '{}', 'null', '[]']) assert.throws(() => decodeRecord(text), text);
});

test('no grant takes more than an eighth of what is left, unless calls wait for it', () => {
  assert.equal(settle(createRecord(), ask({ want: 90_000 }), 0).lease, 12_500);
  assert.equal(settle(createRecord(), ask({ want: 90_000, need: 30_000 }), 0).lease, 30_000);
  assert.equal(settle(createRecord(), ask({ want: 900_000, need: 300_000 }), 0).lease, 100_000);
});

test('what is of no use to who asks stays for others', () => {
  const record = createRecord();
  settle(record, ask({ want: 99_500, need: 99_500 }), 0);
  const answer = settle(record, ask({ replica: 'b', want: 800, need: 800, least: 800 }), 0);
  assert.deepEqual([answer.lease, answer.left, answer.others], [0, 500, 99_500]);
});

test('an ask that is repeated is answered as before and counted once', () => {
  const record = createRecord();
  const spent = createTally();
  count(spent, { set: 1 }, prices);
  const first = settle(record, ask({ spent, want: 1000, need: 1000 }), 0);
  const second = settle(record, ask({ spent, want: 1000, need: 1000 }), 0);
  assert.deepEqual({ ...second, changed: true }, { ...first, changed: true });
  assert.deepEqual([first.changed, second.changed, record.spent.charged], [true, false, 5300]);
});

test('the lease of a replica that was silent for a day is spent, and its name forgotten', () => {
  const record = createRecord();
  settle(record, ask({ want: 1000, need: 1000 }), 0);
  const { left } = settle(record, ask({ replica: 'b' }), 86_400);
  assert.deepEqual([left, record.lost, Object.keys(record.holders)], [99_000, 1000, ['b']]);
});

test('a budget that was lowered below what is used grants nothing, and takes no lease away', () => {
  const record = createRecord();
  settle(record, ask({ want: 50_000, need: 50_000 }), 0);
  const answer = settle(record, ask({ seq: 2, keep: 40_000, want: 5000, need: 5000, budget: 10_000 }), 0);
  assert.deepEqual([answer.lease, answer.left], [40_000, 0]);
});
