import assert from 'node:assert/strict';
import { test } from 'node:test';
import { viewSample } from '../../../../cli/commands/top.ts';
import { storeWith } from '../objects.ts';

const store = storeWith([], { phase: 'Ready', memory: { used: 1, limit: 4 } });
const sample = (operations: number | null, at: number) => ({ store, keys: 3, operations, at });

test('a rate is what came since the look before, by the time between', () => {
  assert.equal(viewSample(sample(1250, 3000), sample(1000, 1000)).operationsPerSecond, 125);
});

test('there is no rate at first, in a new month, and where the usage is not known', () => {
  const rates = [
    viewSample(sample(10, 1000), undefined),
    viewSample(sample(5, 2000), sample(1000, 1000)),
    viewSample(sample(null, 2000), sample(10, 1000)),
    viewSample(sample(10, 2000), sample(null, 1000)),
  ].map(({ operationsPerSecond }) => operationsPerSecond);
  assert.deepEqual(rates, [null, null, null, null]);
});
