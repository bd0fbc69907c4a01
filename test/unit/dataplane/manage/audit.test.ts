import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import { createAudit } from '../../../../dataplane/pipeline/audit.ts';
import type { Call } from '../../../../dataplane/pipeline/call.ts';

test('audit lines are written whatever the level of the log is', () => {
  const lines: string[] = [];
  const log = pino({ level: 'fatal', base: null }, { write: (line: string) => lines.push(line) });
  createAudit(log)('enableKv', { requestId: 'r', named: 'shop' } as Call, 200, undefined);
  const { audit, project, status } = JSON.parse(lines.join(''));
  assert.deepEqual([lines.length, audit, project, status], [1, true, 'shop', 200]);
});

test('what a client wrote for a project is not written where it can be none', () => {
  const lines: string[] = [];
  const log = pino({ base: null }, { write: (line: string) => lines.push(line) });
  createAudit(log)('enableKv', { requestId: 'r', named: 'sk_live_"\nx' } as Call, 400, 'bad_request');
  assert.doesNotMatch(lines.join(''), /sk_live_/);
});
