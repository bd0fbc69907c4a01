import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listAddons } from '../../../../cluster/embedded/addons.ts';
import { listBaseComponents, listClientComponents } from '../../../../cluster/embedded/components.ts';
import { renderConfiguration } from '../../../../cluster/embedded/configuration.ts';
import { deriveLayout, inside } from '../../../../cluster/embedded/layout.ts';

const layout = deriveLayout('/clone', []);
const files = renderConfiguration(layout, 'overlayfs');
const binaries = {
  etcd: '/b/etcd',
  'kube-apiserver': '/b/kube-apiserver',
  'kube-controller-manager': '/b/kube-controller-manager',
  'kube-proxy': '/b/kube-proxy',
  'kube-scheduler': '/b/kube-scheduler',
  kubelet: '/b/kubelet',
  coredns: '/b/coredns',
};

test('the kubelet keeps pods in the control group of this clone', () => {
  assert.equal(JSON.parse(files['kubelet.json'] ?? '').cgroupRoot, `/${layout.cgroup}`);
});

test('the kubelet never collects an image, as none can be pulled again', () => {
  assert.equal(JSON.parse(files['kubelet.json'] ?? '').imageGCHighThresholdPercent, 100);
});

test('DNS answers on the node and its Service leads there', () => {
  assert.match(files.Corefile ?? '', new RegExp(`bind ${layout.nodeAddress.replaceAll('.', '\\.')}\n`));
  const addons = JSON.stringify(listAddons(layout));
  assert.ok(addons.includes(`"clusterIP":"${inside.dnsAddress}"`));
  assert.ok(addons.includes(`"addresses":["${layout.nodeAddress}"]`));
});

test('the snapshotter is the one that was chosen', () => {
  assert.match(renderConfiguration(layout, 'native')['containerd.toml'] ?? '', /snapshotter = "native"/);
});

test('every built program is started once', () => {
  const words = [...listBaseComponents(layout, binaries), ...listClientComponents(layout, binaries)].flatMap(
    ({ command, args }) => [command, ...args],
  );
  for (const path of Object.values(binaries)) assert.equal(words.filter((word) => word === path).length, 1, path);
});

test('no component listens for others than the node by way of etcd', () => {
  const etcd = listBaseComponents(layout, binaries).find(({ name }) => name === 'etcd');
  for (const argument of etcd?.args.filter((text) => text.startsWith('--listen')) ?? []) {
    assert.match(argument, /=http:\/\/127\.0\.0\.1:\d+$/);
  }
});
