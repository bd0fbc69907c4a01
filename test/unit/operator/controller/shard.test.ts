import assert from 'node:assert/strict';
import { test } from 'node:test';
import { API_VERSION, type KVStore, type KVToken } from '../../../../contract/objects.ts';
import { createShard, type ShardSettings } from '../../../../operator/controller/shard.ts';
import { store } from '../objects.ts';

const labelled = (labels: Record<string, string>, namespace = 'shop', name = 'main'): KVStore => ({
  ...store(),
  metadata: { ...store().metadata, namespace, name, labels },
});
const token = (storeRef: string | undefined, labels: Record<string, string> = {}): KVToken => ({
  apiVersion: API_VERSION,
  kind: 'KVToken',
  metadata: { ...store().metadata, name: 'web', labels },
  spec: { type: 'Project', scopes: [], ...(storeRef && { storeRef: { name: storeRef } }) } as KVToken['spec'],
});
const settings = (more: Partial<ShardSettings>): ShardSettings => ({
  systemNamespace: 'cubby-system',
  except: [],
  ...more,
});
const gold = { shard: { name: 'gold', selector: 'tier=gold' } };
const eu = { shard: { name: 'eu', selector: 'region in (eu, ch)' }, except: ['tier=gold'] };
const rest = { except: ['tier=gold', 'region in (eu, ch)'] };

const stores = [
  labelled({}, 'shop', 'none'),
  labelled({ tier: 'gold' }, 'shop', 'gold'),
  labelled({ region: 'ch' }, 'shop', 'eu'),
  labelled({ tier: 'gold', region: 'eu' }, 'shop', 'both'),
  labelled({ tier: 'gold' }, 'cubby-system', 'ledger'),
];
const shards = [gold, eu, rest].map((shard) =>
  createShard(settings(shard), ({ namespace, name }) =>
    stores.find(({ metadata }) => metadata.namespace === namespace && metadata.name === name),
  ),
);
const owners = (object: KVStore | KVToken) => shards.flatMap(({ isOurs }, index) => (isOurs(object) ? [index] : []));

test('every store has exactly one owner: the first shard that selects it, else the rest; the ledger is of the rest', () => {
  assert.deepEqual(stores.map(owners), [[2], [0], [1], [0], [2]]);
  assert.deepEqual(
    shards.map(({ takesRest }) => takesRest),
    [false, false, true],
  );
});

test("a token is its store's owner's, and goes by its own labels without a store", () => {
  assert.deepEqual(owners(token('gold')), [0]);
  assert.deepEqual(owners(token('none', { tier: 'gold' })), [2]);
  assert.deepEqual(owners(token('missing', { region: 'eu' })), [1]);
  assert.deepEqual(owners(token(undefined, { tier: 'gold' })), [0]);
  assert.deepEqual(owners(token(undefined)), [2]);
});

test('without shards everything is ours', () => {
  const all = createShard(settings({}), () => undefined);
  assert.ok(all.takesRest && [...stores, token('gold'), token(undefined)].every(all.isOurs));
});
