import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareKeys, isMissing, KEYS_ANNOTATION } from '../../../../operator/reconcile/key-counts.ts';
import type { VolumeClaim } from '../../../../operator/reconcile/kinds.ts';
import { restartHash } from '../../../../operator/resources/plan.ts';
import { observed, plan, pod, redis, running, store } from '../objects.ts';

const keys = (all: number, expiring = 0) => ({ all, expiring });

const table: [string, boolean, ReturnType<typeof keys>, ReturnType<typeof keys>][] = [
  ['the same', false, keys(1000), keys(1000)],
  ['more', false, keys(1000), keys(1200)],
  ['only keys that expire are fewer', false, keys(1000, 900), keys(100, 0)],
  ['as many fewer as clients may delete meanwhile', false, keys(1000), keys(900)],
  ['more than that', true, keys(1000), keys(899)],
  ['one in a hundred of many', false, keys(1_000_000), keys(990_000)],
  ['more than one in a hundred', true, keys(1_000_000), keys(989_999)],
  ['none of few', true, keys(3), keys(0)],
  ['none where there was none but such that expire', false, keys(3, 3), keys(0)],
];

for (const [what, missing, before, now] of table) {
  test(`${what}: keys are ${missing ? 'missing' : 'not missing'}`, () => assert.equal(isMissing(before, now), missing));
}

const noted = { pod: 'old-uid', version: '7.0.15', all: 500, expiring: 20 };
const hash = { annotations: { 'cubby.dev/restart-hash': restartHash(plan().accepted) } };

/** Compares what was noted with what the pod `uid` has; what was patched and told. */
async function compare(note: object, has: ReturnType<typeof keys>, uid = 'new-uid', spec = {}, metadata = {}) {
  const claim = {
    metadata: {
      name: 'data-main-redis-0',
      namespace: 'shop',
      annotations: { [KEYS_ANNOTATION]: JSON.stringify(note) },
    },
    spec: {},
  } as unknown as VolumeClaim;
  const patches: unknown[] = [];
  const told: string[] = [];
  const context = {
    client: { patch: async (_kind: unknown, _key: unknown, body: unknown) => patches.push(body) } as never,
    events: {
      record: (_about: unknown, _type: unknown, reason: string, message: string) => told.push(`${reason}: ${message}`),
    },
  };
  const seen = observed({
    store: store(spec),
    claim,
    pod: pod(running(), { ...hash, uid, ...metadata }),
    redis: redis({ keys: has }),
  });
  const { troubles } = await compareKeys(context as never, seen, AbortSignal.timeout(1000));
  const annotation = (patches[0] as { metadata?: { annotations: Record<string, unknown> } })?.metadata?.annotations;
  return { troubles, told, note: annotation?.[KEYS_ANNOTATION] };
}

test('keys that are all there are told once, and the note goes', async () => {
  const { troubles, told, note } = await compare(noted, keys(501, 19));
  assert.deepEqual([troubles, note], [[], null]);
  assert.match(told[0] ?? '', /KeysCompared: Redis 8\.0\.2 has 501 keys \(19 .*Redis 7\.0\.15 had 500 keys \(20 /);
});

test('keys that are missing are trouble until they are back', async () => {
  const { troubles, told, note } = await compare(noted, keys(0));
  assert.deepEqual([troubles[0]?.reason, told], ['KeysMissing', []]);
  assert.match(troubles[0]?.message ?? '', /remove the annotation cubby\.dev\/keys-at-stop from the claim/);
  const marked = JSON.parse(String(note));
  assert.equal(marked.missing, true);
  const again = await compare(marked, keys(0));
  assert.deepEqual([again.troubles.length, again.note], [1, undefined], 'no second write');
  assert.deepEqual((await compare(marked, keys(500))).troubles, []);
});

test('a policy that may drop any key explains that they are gone', async () => {
  const { troubles, told } = await compare(noted, keys(0), 'new-uid', { evictionPolicy: 'allkeys-lru' });
  assert.deepEqual([troubles.length, told.length], [0, 1]);
});

test('the pod that was to be stopped is not compared with itself; where it goes on, the note goes', async () => {
  const { troubles, told, note } = await compare(noted, keys(0), 'old-uid');
  assert.deepEqual([troubles, told, note], [[], [], null]);
});

test('a store that is woken while its Redis still ends is compared with the next one', async () => {
  const ending = await compare(noted, keys(0), 'old-uid', {}, { deletionTimestamp: '2026-01-01T00:00:00Z' });
  assert.deepEqual([ending.troubles, ending.told, ending.note], [[], [], undefined]);
});
