import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type DiskLook, diskTrouble, tellsOfFullVolume } from '../../../../operator/status/disk-trouble.ts';

const look = (lastWriteOk: boolean, lastOk: boolean, writeError?: string): DiskLook => ({
  info: { aof: { lastWriteOk }, snapshot: { lastOk } },
  writeError,
});
const full = 'MISCONF Errors writing to the AOF file: No space left on device';
const snapshot = 'MISCONF Redis is configured to save RDB snapshots, but it is currently unable to persist to disk.';

const table: [string, DiskLook, 'aof' | 'rdb' | 'none', string | undefined][] = [
  ['all is written', look(true, true), 'aof', undefined],
  ['the log cannot be written for lack of room', look(false, true, full), 'aof', 'VolumeFull'],
  ['the quota is used up', look(false, true, 'MISCONF … Disk quota exceeded'), 'aof', 'VolumeFull'],
  ['the disk fails', look(false, true, 'MISCONF … Input/output error'), 'aof', 'PersistenceFailing'],
  ['a snapshot fails, and Redis does not say why', look(true, false, snapshot), 'rdb', 'PersistenceFailing'],
  ['a snapshot fails that the log makes needless', look(true, false), 'aof', undefined],
  ['nothing is kept', look(false, false, full), 'none', undefined],
];

for (const [when, seen, mode, reason] of table) {
  test(`${reason ?? 'no trouble'} under ${mode} when ${when}`, () => {
    assert.equal(diskTrouble(seen, mode)?.reason, reason);
  });
}

test('whether writes are refused is told as Redis does it', () => {
  assert.match(diskTrouble(look(true, false, snapshot), 'rdb')?.message ?? '', /refuses writes, and reads go on/);
  assert.match(diskTrouble(look(true, false), 'rdb')?.message ?? '', /takes writes all the same/);
});

test("the last words of a Redis that ended under fsync always tell of the volume, another end's do not", () => {
  assert.ok(
    tellsOfFullVolume("# Error writing to the AOF file: No space left on device\n# Can't recover … Exiting..."),
  );
  assert.ok(tellsOfFullVolume('# Short write while writing to the AOF file: (nwritten=1, expected=9)'));
  assert.ok(!tellsOfFullVolume('# Fatal error loading the DB, check server logs. Exiting.'));
});
