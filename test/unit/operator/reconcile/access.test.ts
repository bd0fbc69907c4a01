import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noteNativeAccess } from '../../../../operator/reconcile/access.ts';
import type { VolumeClaim } from '../../../../operator/reconcile/kinds.ts';
import { store } from '../objects.ts';

const now = '2026-01-01T00:00:00.000Z';
const earlier = '2025-01-01T00:00:00Z';
const open = store({ access: { redis: true } });
const claim = { metadata: { annotations: { 'cubby.dev/native-access-since': earlier } } } as unknown as VolumeClaim;

async function note(cached: typeof open, volume?: VolumeClaim, shell = {}) {
  const writes: unknown[] = [];
  const client = { patch: async (...args: unknown[]) => void writes.push(args[2]) };
  const context = { client, events: { record: () => {} }, now: () => new Date(now) } as never;
  const signal = new AbortController().signal;
  const seen = await noteNativeAccess(context, cached, { store: cached, claim: volume }, shell, signal);
  return { writes, since: seen.store.status?.nativeAccessSince };
}

test('that programs may write is noted before they can, once, and goes on from what the volume knows', async () => {
  const closed = store();
  assert.deepEqual(await note(closed), { writes: [], since: undefined });
  assert.deepEqual(await note({ ...open }), { writes: [{ status: { nativeAccessSince: now } }], since: now });
  const shell = { passwordHash: 'a'.repeat(64) };
  assert.equal((await note({ ...closed }, undefined, shell)).since, now);
  assert.deepEqual(await note({ ...closed }, claim), {
    writes: [{ status: { nativeAccessSince: earlier } }],
    since: earlier,
  });
  const known = { ...open, status: { nativeAccessSince: now } };
  assert.deepEqual(await note(known, claim), { writes: [], since: now });
});
