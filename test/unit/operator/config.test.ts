import assert from 'node:assert/strict';
import { test } from 'node:test';
import { leaseName, parseConfig, readConfig } from '../../../operator/config.ts';

const least = {
  systemNamespace: 'cubby-system',
  image: 'ghcr.io/cubby-dev/cubby:test',
  versions: { '8.0': 'redis:8.0' },
  dataPlaneUrl: 'http://cubby-dataplane',
};
const parse = (more: object = {}) => parseConfig(JSON.stringify({ ...least, ...more }), 'operator.json');

test('what is not given has its default, and nothing can be changed', () => {
  const config = parse();
  assert.equal(config.concurrency, 20);
  assert.equal(config.resyncSeconds, 60);
  assert.deepEqual(config.masterKeySecret, { name: 'cubby-master-key', key: 'master-key' });
  assert.deepEqual([config.plans, config.ledger], [{}, undefined]);
  assert.ok(Object.isFrozen(config));
});

test('an error names the file, the field and what is wrong', () => {
  assert.throws(() => parse({ concurrency: 0 }), /operator\.json[\s\S]*concurrency/);
  assert.throws(() => parse({ dataPlaneUrl: 'cubby' }), /dataPlaneUrl/);
  assert.throws(() => parse({ versions: { latest: 'redis' } }), /versions/);
  assert.throws(() => parse({ concurency: 5 }), /concurency/);
  assert.throws(() => parseConfig('{', 'operator.json'), /operator\.json is not JSON/);
  assert.throws(
    () => readConfig('/nowhere/operator.json'),
    /cannot read the configuration \/nowhere\/operator\.json; name another file with --config/,
  );
});

test('a plan says what a KVStore could say, and nothing else', () => {
  const plans = { free: { requestsPerSecond: 20, burst: 40, tokensPerMonth: '0.5' } };
  assert.deepEqual(parse({ plans }).plans, plans);
  for (const tokensPerMonth of ['0', '0.0', '1e3', '1000000000', '0.0000000001', '.5', '01'])
    assert.throws(() => parse({ plans: { free: { tokensPerMonth } } }), /tokensPerMonth/, tokensPerMonth);
  assert.throws(() => parse({ plans: { free: { requestPerSecond: 1 } } }), /requestPerSecond/);
  assert.throws(() => parse({ plans: { free: { burst: 1 } } }), /add requestsPerSecond/);
  assert.throws(() => parse({ plans: { Free: {} } }), /Free/);
});

test('a shard has its own lease, and a selector that is none is refused where it stands', () => {
  assert.equal(leaseName(parse()), 'cubby-operator');
  assert.equal(leaseName(parse({ shard: { name: 'gold', selector: 'tier=gold' } })), 'cubby-operator-gold');
  assert.deepEqual(parse().except, []);
  assert.throws(
    () => parse({ shard: { name: 'gold', selector: 'tier in gold' } }),
    /"tier in gold"[\s\S]*shard\.selector/,
  );
  assert.throws(() => parse({ except: ['tier=gold', ''] }), /except\[1\]/);
  assert.throws(() => parse({ shard: { name: 'Gold', selector: 'tier=gold' } }), /shard\.name/);
});
