import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { deriveLayout, overlaps } from '../../../../cluster/embedded/layout.ts';

test('the same clone path always gives the same layout', () => {
  assert.deepEqual(deriveLayout('/home/ann/cubby', []), deriveLayout('/home/ann/cubby', []));
});

test('two clone paths share no name, and no subnet once the other one is known', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), fc.string({ minLength: 1 }), (one, other) => {
      fc.pre(one !== other);
      const first = deriveLayout(one, []);
      const second = deriveLayout(other, [first.subnet]);
      assert.notEqual(first.id, second.id);
      assert.notEqual(first.interface, second.interface);
      assert.notEqual(first.cgroup, second.cgroup);
      assert.equal(overlaps(first.subnet, second.subnet), false);
    }),
  );
});

test('a subnet that the host routes is avoided, also as part of a larger network', () => {
  const { subnet } = deriveLayout('/clone', []);
  const second = subnet.split('.')[2];
  const layout = deriveLayout('/clone', [`10.213.${second}.0/24`]);
  assert.equal(overlaps(layout.subnet, `10.213.${second}.0/24`), false);
});

test('where every subnet is routed, the error names a way out', () => {
  assert.throws(() => deriveLayout('/clone', ['10.0.0.0/8']), /--kubeconfig/);
});

test('the addresses lie in the subnet, differ, and are neither its first nor its last', () => {
  fc.assert(
    fc.property(fc.string(), (clone) => {
      const { subnet, hostAddress, nodeAddress } = deriveLayout(clone, []);
      const last = (address: string) => Number(address.split('/')[0]?.split('.')[3]);
      assert.equal(overlaps(subnet, hostAddress), true);
      assert.equal(overlaps(subnet, nodeAddress), true);
      assert.deepEqual([last(hostAddress), last(nodeAddress)], [last(subnet) + 1, last(subnet) + 2]);
    }),
  );
});

test('the interface name fits the kernel and the port is one that a user may listen on', () => {
  fc.assert(
    fc.property(fc.string(), (clone) => {
      const layout = deriveLayout(clone, []);
      assert.ok(layout.interface.length <= 15);
      assert.ok(layout.port >= 20_000 && layout.port < 30_000);
    }),
  );
});

test('networks overlap exactly when one holds the other', () => {
  assert.equal(overlaps('10.0.0.0/8', '10.213.1.4/30'), true);
  assert.equal(overlaps('10.213.1.4/30', '10.213.1.6'), true);
  assert.equal(overlaps('10.213.1.4/30', '10.213.1.8/30'), false);
  assert.equal(overlaps('192.0.2.0/24', '10.213.1.4/30'), false);
});
