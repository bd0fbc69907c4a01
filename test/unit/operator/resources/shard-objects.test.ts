import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { storeAcl } from '../../../../operator/resources/acl.ts';
import { children } from '../../../../operator/resources/index.ts';
import { filesHash } from '../../../../operator/resources/pod-template.ts';
import { plan } from '../objects.ts';

const passwords = { dataplane: 'd', operator: 'o', cluster: 'c' };

function sharded(addresses: (string | undefined)[]) {
  const { settings } = plan();
  return plan(
    { shards: addresses.length },
    { settings: { ...settings, sharded: true }, addresses, replicas: addresses.length, acl: storeAcl(passwords) },
  );
}

// biome-ignore lint/suspicious/noExplicitAny: manifests are looked at field by field
const byName = (addresses: (string | undefined)[]): Map<string, any> =>
  new Map(
    children(sharded(addresses))
      .flat()
      .map((child) => [`${child.kind}/${child.metadata.name}`, child]),
  );

test('shards wait for the addresses of all their Services', () => {
  const names = [...byName(['10.96.0.1', undefined]).keys()];
  assert.deepEqual(names, ['Service/main-redis-0', 'Service/main-redis-1', 'PodDisruptionBudget/main-redis']);
});

test('shards know their address, tell clients their name, and reach one another', () => {
  const objects = byName(['10.96.0.1', '10.96.0.2', '10.96.0.3']);
  const { data } = objects.get('ConfigMap/main-redis');
  assert.equal(data.members, '0 10.96.0.1\n1 10.96.0.2\n2 10.96.0.3\n');
  assert.match(data['redis.conf'], /^cluster-enabled yes$/m);
  assert.match(data['redis.conf'], /^cluster-require-full-coverage no$/m);
  const { spec } = objects.get('StatefulSet/main-redis');
  assert.equal(spec.replicas, 3);
  const [redis] = spec.template.spec.containers;
  assert.match(redis.command[2], /--cluster-announce-hostname "\$POD\.shop\.svc"/);
  const bus = { name: 'bus', port: 16379, protocol: 'TCP', targetPort: 16379 };
  assert.deepEqual(objects.get('Service/main-redis-2').spec.ports.at(-1), bus);
  const policy = objects.get('NetworkPolicy/main-redis').spec;
  const toOne = { podSelector: { matchLabels: spec.selector.matchLabels } };
  const ports = [6379, 16379].map((port) => ({ port, protocol: 'TCP' }));
  assert.deepEqual(policy.egress, [{ to: [toOne], ports }]);
});

test('a shard that joins is told to the others, and restarts none of them', () => {
  const [three, four] = [sharded(['a', 'b', 'c']), sharded(['a', 'b', 'c', 'd'])];
  assert.notEqual(filesHash(three), filesHash(four));
  const hashOf = (of: typeof three) =>
    // biome-ignore lint/suspicious/noExplicitAny: as above
    (children(of)[1][0] as any).spec.template.metadata.annotations['cubby.dev/restart-hash'];
  assert.equal(hashOf(three), hashOf(four));
});

test('only shards have the user who moves slots, and the commands that follow them', () => {
  const { text } = storeAcl(passwords);
  assert.match(text, /^user cluster on .*\+migrate .*\+restore-asking$/m);
  assert.match(text, /^user dataplane .*\+asking \+cluster\|slots \+cluster\|nodes$/m);
  assert.match(text, /^user operator .*\+cluster\|nodes \+cluster\|info$/m);
  const { cluster: _, ...alone } = passwords;
  assert.doesNotMatch(storeAcl(alone).text, /cluster|asking|migrate/);
});

test('a shard that has a snapshot and no log starts from the snapshot', async (t) => {
  const root = await mkdtemp(join(tmpdir(), 'cubby-shard-start-'));
  t.after(() => rm(root, { recursive: true, force: true }));
  const data = join(root, 'data');
  const conf = join(root, 'conf');
  await mkdir(join(data, 'appendonlydir'), { recursive: true });
  await mkdir(conf);
  await writeFile(join(conf, 'members'), '0 10.0.0.1\n');
  await writeFile(join(root, 'redis-server'), '#!/bin/sh\necho "$@"\n', { mode: 0o755 });
  const [, , script = ''] = byName(['10.0.0.1', '10.0.0.2']).get('StatefulSet/main-redis').spec.template.spec
    .containers[0].command;
  const start = async () => {
    const placed = script.replaceAll('/etc/redis', conf).replaceAll('/data', data);
    const env = { ...process.env, PATH: `${root}:${process.env.PATH}`, POD: 'main-redis-0' };
    return (await promisify(execFile)('sh', ['-c', placed], { env })).stdout;
  };
  assert.doesNotMatch(await start(), /--appendonly/, 'one that is new');
  await writeFile(join(data, 'dump.rdb'), 'REDIS0011');
  assert.match(await start(), /--cluster-announce-hostname main-redis-0\.\S+ --appendonly no --save \d+ \d+ /);
  await writeFile(join(data, 'appendonlydir', 'appendonly.aof.manifest'), 'file …');
  assert.doesNotMatch(await start(), /--appendonly/, 'one that has its log');
});
