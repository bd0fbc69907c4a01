import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Counter, Histogram, Registry } from 'prom-client';
import { createMetrics } from '../../../dataplane/pipeline/metrics.ts';
import { scrape } from '../../../dataplane/pipeline/scrape.ts';
import { createDistributions, createTally } from '../../../dataplane/pipeline/tally.ts';

const names = ['route', 'method'] as const;
const labels = { route: '/a"b', method: 'GET' };

test('a tally reads at a scrape as a counter of the same increments does', async () => {
  const [ours, theirs] = [new Registry(), new Registry()];
  const options = { name: 'c', help: 'h', labelNames: names };
  const cell = createTally({ ...options, registers: [ours] })(labels);
  const counter = new Counter({ ...options, registers: [theirs] });
  for (const amount of [1, 2.5, 10]) {
    cell.value += amount;
    counter.inc(labels, amount);
    assert.equal(await ours.metrics(), await theirs.metrics());
  }
});

test('a distribution reads at a scrape as a histogram of the same observations does', async () => {
  const [ours, theirs] = [new Registry(), new Registry()];
  const options = { name: 'd', help: 'h', labelNames: names, buckets: [0.001, 0.5, 2] };
  const one = createDistributions({ ...options, registers: [ours] })(labels);
  const histogram = new Histogram({ ...options, registers: [theirs] });
  for (const value of [0, 0.001, 0.0011, 0.5, 1, 2, 2.1, 1000]) {
    one.observe(value);
    histogram.observe(labels, value);
    assert.deepEqual(series(await ours.metrics()), series(await theirs.metrics()));
  }
});

test('requests are counted by route, method, status and code, and projects by class up to a bound', async () => {
  const none = () => 0;
  const gauges = { heldBytes: none, connections: none, stores: none, tokens: none, silentSeconds: none };
  const metrics = createMetrics({ ...gauges, synced: () => true, ledger: undefined } as never);
  for (const code of ['', 'not_found', 'not_found']) metrics.count('/x', 'GET', code ? 404 : 200, code, 0.01);
  for (let i = 0; i < 2003; i++) metrics.countProject(`p${i}`, 200);
  metrics.countProject('p1', 503);
  for (const nanoTokens of [800, 5300]) metrics.countCharge('getEntry', nanoTokens);
  const lines = (await metrics.registry.metrics()).split('\n');
  for (const line of [
    'cubby_http_requests_total{route="/x",method="GET",status="200",code=""} 1',
    'cubby_http_requests_total{route="/x",method="GET",status="404",code="not_found"} 2',
    'cubby_http_request_duration_seconds_count{route="/x",method="GET"} 3',
    'cubby_tokens_charged_total{operation="getEntry"} 0.0000061',
    'cubby_project_requests_total{project="p1",class="2xx"} 1',
    'cubby_project_requests_total{project="p1",class="5xx"} 1',
    'cubby_project_requests_total{project="other",class="2xx"} 3',
  ]) {
    assert.ok(lines.includes(line), line);
  }
});

test('a scrape in pieces reads as one at once', async () => {
  const registry = new Registry();
  const registers = [registry];
  const add = createTally({ name: 'many', help: 'h', labelNames: ['n'] as const, registers });
  for (const count of [0, 1, 499, 1, 600]) {
    for (let i = 0; i < count; i++) add({ n: `${registry.contentType}"\n${i}` }).value = i;
    createDistributions({ name: `d${count}`, help: 'a\nb', labelNames: names, buckets: [1], registers })(
      labels,
    ).observe(1);
    new Counter({ name: `c${count}_total`, help: 'h', registers }).inc();
    assert.equal(await scrape(registry), await registry.metrics());
    registry.removeSingleMetric(`d${count}`);
    registry.removeSingleMetric(`c${count}_total`);
  }
});

/** The lines of a scrape, whatever the order of series and of the labels of each. */
function series(text: string): string[] {
  const sortLabels = (line: string) => line.replace(/\{(.*)\}/, (_, inner) => `{${inner.split(',').sort().join()}}`);
  return text.trim().split('\n').map(sortLabels).sort();
}
