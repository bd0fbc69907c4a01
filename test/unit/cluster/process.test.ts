import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { endProcess, inspectProcess, isAlive, isSame } from '../../../cluster/process.ts';

test('a process is told from a later one of the same id by its start time', () => {
  const own = inspectProcess(process.pid);
  assert.ok(own);
  assert.equal(isSame(own), true);
  assert.equal(isSame({ ...own, startTime: own.startTime - 1 }), false);
});

test('a process that ignores SIGTERM is killed once its grace is over', async () => {
  const child = spawn('sh', ['-c', 'trap "" TERM; echo ready; while :; do sleep 1; done'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  await once(child.stdout, 'data');
  const record = inspectProcess(child.pid ?? 0);
  assert.ok(record);
  await endProcess(record, 100);
  assert.equal(isAlive(record.pid), false);
});

test('ending a process that is gone already does nothing to the one that has its id now', async () => {
  const child = spawn('sleep', ['60']);
  await once(child, 'spawn');
  const record = inspectProcess(child.pid ?? 0);
  assert.ok(record);
  await endProcess({ ...record, startTime: record.startTime - 1 }, 0);
  assert.equal(isSame(record), true);
  child.kill('SIGKILL');
});
