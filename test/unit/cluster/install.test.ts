import assert from 'node:assert/strict';
import { test } from 'node:test';
import { splitReference } from '../../../cluster/install.ts';

test('an image reference becomes the chart values of its parts', () => {
  assert.deepEqual(splitReference('ghcr.io/cubby-dev/cubby:0.1.0-ab'), {
    'image.repository': 'ghcr.io/cubby-dev/cubby',
    'image.tag': '0.1.0-ab',
  });
  assert.deepEqual(splitReference('registry.example:5000/cubby'), {
    'image.repository': 'registry.example:5000/cubby',
  });
  assert.deepEqual(splitReference('cubby:1@sha256:0a'), {
    'image.repository': 'cubby',
    'image.tag': '1',
    'image.digest': 'sha256:0a',
  });
});
