import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readShell } from '../../../../operator/reconcile/shell.ts';
import { store } from '../objects.ts';

const now = new Date('2026-01-01T12:00:00Z');
const hash = 'a'.repeat(64);

function read(annotation?: string) {
  const { metadata, ...rest } = store();
  const annotations = annotation === undefined ? {} : { 'cubby.dev/shell': annotation };
  return readShell({ ...rest, metadata: { ...metadata, annotations } }, now);
}

test('a hash with a time ahead lets somebody in until then', () => {
  const until = Date.parse('2026-01-01T20:00:00Z');
  assert.deepEqual(read(`${hash}:2026-01-01T20:00:00Z`), { passwordHash: hash, until });
});

test('a time that is over is as no annotation', () => {
  for (const text of [undefined, `${hash}:2026-01-01T12:00:00Z`, `${hash}:2020-01-01T00:00:00Z`])
    assert.deepEqual(read(text), {});
});

test('what is malformed or too far ahead lets nobody in, and is told without its text', () => {
  const far = `${hash}:2026-01-01T20:00:01Z`;
  for (const text of [
    '',
    'secret',
    hash,
    `${hash}:`,
    `${hash}:soon`,
    `${hash.toUpperCase()}:2026-01-01T13:00:00Z`,
    far,
  ]) {
    const { passwordHash, refusal } = read(text);
    assert.equal(passwordHash, undefined, text);
    assert.equal(refusal?.reason, 'ShellRefused', text);
    assert.ok(text === '' || !refusal.message.includes(text));
  }
  assert.match(read(far).refusal?.message ?? '', /8 hours/);
});
