import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { startCrc64 } from '../../../../backup/rdb/crc64.ts';
import { type RdbFacts, startInspection } from '../../../../backup/rdb/inspect.ts';
import { database, HEAD, seal } from './rdb.ts';

const rdb = await seal(Buffer.concat([HEAD, database(1000, 300), Buffer.from('what stands for a thousand keys')]));

async function inspect(bytes: Buffer, length = bytes.length): Promise<RdbFacts> {
  const inspection = await startInspection(() => {});
  const pieces = async function* () {
    for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
  };
  const passed: Buffer[] = [];
  for await (const piece of inspection.pass(pieces())) passed.push(piece);
  assert.deepEqual(Buffer.concat(passed), bytes);
  return inspection.facts();
}

test('CRC-64 is that of Redis', async () => {
  const crc = await startCrc64();
  crc.update(Buffer.from('12345'));
  crc.update(Buffer.from('6789'));
  assert.equal(crc.digest(), 0xe9c6d914c4b8d9can); // crc64.c, crc64Test
});

test('an RDB is known once it has passed, in whatever pieces', async () => {
  const sha256 = createHash('sha256').update(rdb).digest('hex');
  const expected = { rdbVersion: 12, redisVersion: '8.0.2', keys: 1000, expiringKeys: 300, size: rdb.length, sha256 };
  for (let length = 1; length <= rdb.length; length++) assert.deepEqual(await inspect(rdb, length), expected);
});

test('an RDB that is cut off anywhere is refused', async () => {
  for (let length = 0; length < rdb.length; length++) {
    await assert.rejects(inspect(rdb.subarray(0, length), 16), { reason: 'Corrupt' });
  }
});

test('an RDB in which any bit has turned is refused', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(rdb.length * 8 - 1), async (bit) => {
      const changed = Buffer.from(rdb);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      await assert.rejects(inspect(changed), { reason: 'Corrupt' });
    }),
  );
});

test('an RDB of a Redis that writes no checksum passes', async () => {
  const without = Buffer.concat([rdb.subarray(0, -8), Buffer.alloc(8)]);
  assert.equal((await inspect(without)).keys, 1000);
});
