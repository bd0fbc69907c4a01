import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refuseNode } from '../../../cli/version.ts';

test('a Node that is too old is refused with the one that is needed', () => {
  for (const version of ['18.20.0', '20.20.2', '22.14.0']) {
    assert.equal(refuseNode(version), `needs Node 22.15 or newer, and this is ${version}: run it with a newer one`);
  }
  for (const version of ['22.15.0', '23.0.0', '24.21.0', process.versions.node]) {
    assert.equal(refuseNode(version), undefined);
  }
});
