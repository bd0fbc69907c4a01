import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';

const read = (path: string) => parse(readFileSync(join(import.meta.dirname, '../..', path), 'utf8'));

test('the packages, the chart and the image that it names have one version', () => {
  const { version } = read('package.json');
  const chart = read('charts/cubby/Chart.yaml');
  assert.match(version, /^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/);
  assert.deepEqual(
    ['sdk', 'cli', 'dashboard'].map((name) => read(`${name}/package.json`).version ?? version),
    [version, version, version],
  );
  assert.deepEqual([chart.version, chart.appVersion], [version, version]);
});
