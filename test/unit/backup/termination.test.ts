import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseHeader } from '../../../backup/rdb/header.ts';
import { terminationMessage } from '../../../backup/termination.ts';
import type { BackupResult } from '../../../contract/backup.ts';
import { readBackupResult } from '../../../operator/status/backup-result.ts';

/** What the operator reads of what the kubelet kept. */
function told(result: BackupResult): BackupResult | undefined {
  const kept = Buffer.from(terminationMessage(result)).subarray(0, 4096);
  return readBackupResult(kept.toString());
}

test('a failure that is told at any length, in any characters, arrives with its reason', () => {
  for (const character of ['x', '"', '\\', '\n', '\u0000', 'ü', '漢', '😀', '\ud800'])
    for (const length of [1, 599, 600, 4096, 100_000]) {
      const result = told({ ok: false, reason: 'TargetUnavailable', message: character.repeat(length) });
      assert.ok(result && !result.ok && result.reason === 'TargetUnavailable', `${length} times ${character}`);
      assert.equal(result.message, character.repeat(length).slice(0, 600));
    }
});

test('what is told of data arrives, whatever the Redis calls its version', () => {
  const name = Buffer.from('redis-ver');
  const version = Buffer.alloc(10_000, 'v');
  const length = Buffer.from([0x80, 0, 0, version.length >> 8, version.length & 0xff]);
  const head = [Buffer.from('REDIS0012'), Buffer.from([250, name.length]), name, length, version, Buffer.from([255])];
  const header = parseHeader(Buffer.concat(head));
  assert.ok(header);
  const [count, sha256] = [Number.MAX_SAFE_INTEGER, 'f'.repeat(64)];
  const data = { ...header, size: count, storedSize: count, keys: count, expiringKeys: count, sha256, parts: count };
  const result = told({ ok: true, data, seconds: 86_400.123 });
  assert.ok(result?.ok && result.data?.redisVersion.length === 32, JSON.stringify(result));
});
