import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parser } from '@prometheus-io/lezer-promql';
import type { Registry } from 'prom-client';
import { createMetrics as createDataplaneMetrics, type Gauges } from '../../dataplane/pipeline/metrics.ts';
import { createMetrics as createOperatorMetrics, type MetricSources } from '../../operator/metrics.ts';
import { chartFolder, find, render } from './chart.ts';

const objects = await render({ prometheusRule: { enabled: true }, grafanaDashboard: { enabled: true } });

interface Rule {
  alert: string;
  expr: string;
  for?: string;
  labels: { severity: string };
  annotations: { summary: string; description: string; runbook_url: string };
}
const rules: Rule[] = find(objects, 'PrometheusRule', 'cubby').spec.groups.flatMap(
  ({ rules }: { rules: Rule[] }) => rules,
);

interface Panel {
  title: string;
  type: string;
  description?: string;
  gridPos: { x: number; y: number; w: number; h: number };
  targets?: { expr: string; legendFormat: string; refId: string }[];
}
const dashboard = find(objects, 'ConfigMap', 'cubby-dashboard');
const { panels, uid }: { panels: Panel[]; uid: string } = JSON.parse(dashboard.data['cubby.json']);

/** What both processes export: the labels of each series by its name. */
const exported = new Map<string, ReadonlySet<string>>();
const sources = new Proxy({}, { get: () => () => 0 });
for (const { registry } of [
  createOperatorMetrics(sources as MetricSources),
  createDataplaneMetrics(sources as Gauges),
]) {
  for (const { name, type, labelNames = [] } of (registry as Registry).getMetricsAsArray() as unknown as Metric[]) {
    const kinds = `${type}` === 'histogram' ? ['_bucket', '_sum', '_count'] : [''];
    for (const kind of kinds)
      exported.set(name + kind, new Set([...labelNames, ...(kind === '_bucket' ? ['le'] : [])]));
  }
}
interface Metric {
  name: string;
  type: string;
  labelNames?: string[];
}
/** Added by Prometheus to what it scrapes. */
const TARGET_LABELS = ['namespace', 'pod', 'instance', 'job'];

/** What an expression names; throws where it is no PromQL. */
function read(expr: string): { metrics: string[]; labels: string[] } {
  const text = expr.replaceAll('$__rate_interval', '5m'); // Grafana fills it in
  const found = { metrics: [] as string[], labels: [] as string[] };
  parser.parse(text).iterate({
    enter({ type, name, from, to }) {
      if (type.isError) throw new SyntaxError(`${text.slice(0, from)}⟨here⟩${text.slice(from)}`);
      if (name === 'Identifier') found.metrics.push(text.slice(from, to));
      if (name === 'LabelName') found.labels.push(text.slice(from, to));
    },
  });
  return found;
}

const expressions: [where: string, expr: string][] = [
  ...rules.map(({ alert, expr }): [string, string] => [`alert ${alert}`, expr]),
  ...panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }): [string, string] => [`panel ${title}`, expr])),
];

test('every expression is PromQL, of metrics that one of the processes exports, by labels that they have', () => {
  assert.ok(expressions.length > 50, `${expressions.length} expressions`);
  const wrong: string[] = [];
  for (const [where, expr] of expressions) {
    const { metrics, labels } = read(expr);
    assert.ok(metrics.length > 0, where);
    wrong.push(...metrics.filter((name) => !exported.has(name)).map((name) => `${where}: no metric ${name}`));
    const known = new Set([...TARGET_LABELS, ...metrics.flatMap((name) => [...(exported.get(name) ?? [])])]);
    wrong.push(...labels.filter((label) => !known.has(label)).map((label) => `${where}: no label ${label}`));
  }
  assert.deepEqual(wrong, []);
});

test('each shard of the operator without a leader is an alert of its own, and so is what is left to none', async () => {
  const shards = [
    { name: 'gold', selector: 'tier=gold' },
    { name: 'eu', selector: 'region=eu' },
  ];
  const all = await render({ prometheusRule: { enabled: true }, operator: { shards } });
  const told = find(all, 'PrometheusRule', 'cubby').spec.groups.flatMap(({ rules }: { rules: Rule[] }) => rules);
  const leading = told.filter(({ alert }: Rule) => alert === 'CubbyOperatorNotLeading');
  assert.deepEqual(
    leading.map(({ expr }: Rule) => expr),
    ['', 'gold', 'eu'].map((shard) => `absent(cubby_operator_leader{shard="${shard}"} == 1)`),
  );
  assert.deepEqual(
    leading.map(({ annotations }: Rule) => annotations.summary),
    ['No operator leads', 'No operator leads the shard gold', 'No operator leads the shard eu'],
  );
  assert.ok(leading.every(({ annotations }: Rule) => annotations.runbook_url.endsWith('/CubbyOperatorNotLeading.md')));
});

test('the check of expressions sees what is wrong', () => {
  assert.throws(() => read('sum(rate(cubby_http_requests_total[5m])'), SyntaxError);
  assert.throws(() => read('cubby_http_requests_total{code=x}'), SyntaxError);
  assert.deepEqual(read('sum by (le) (a_bucket{status="5"}) and on (pod) b'), {
    metrics: ['a_bucket', 'b'],
    labels: ['le', 'status', 'pod'],
  });
  assert.equal(exported.has('cubby_http_request_duration_seconds'), false, 'a histogram has no series of its own name');
});

test("a counter is read by its rate, but where an alert looks for a series' beginning", () => {
  for (const [where, expr] of expressions) {
    for (const [, name = '', rest = ''] of expr.matchAll(/(\w+_total)(?:\{[^}]*\})?(\[|\s*offset|\))?/g)) {
      assert.ok(rest === '[' || /\bunless\b/.test(expr), `${where}: ${name}`);
    }
  }
});

test('every alert has a runbook that it links to, and every runbook an alert', () => {
  const files = readdirSync(join(chartFolder, '../../docs/runbooks'));
  assert.deepEqual(files.sort(), rules.map(({ alert }) => `${alert}.md`).sort());
  for (const { alert, annotations } of rules) {
    assert.equal(annotations.runbook_url, `https://github.com/cubby-dev/cubby/blob/main/docs/runbooks/${alert}.md`);
    const text = readFileSync(join(chartFolder, `../../docs/runbooks/${alert}.md`), 'utf8');
    assert.deepEqual(text.match(/^#.*$/gm), [`# ${alert}`, '## What it means', '## How to look', '## What to do']);
  }
});

test('where a runbook links to there is something', () => {
  const folder = join(chartFolder, '../../docs/runbooks');
  for (const file of readdirSync(folder)) {
    for (const [, target = ''] of readFileSync(join(folder, file), 'utf8').matchAll(/\]\(([^)#]+)\)/g))
      assert.ok(readFileSync(join(folder, target), 'utf8'), `${file}: ${target}`);
  }
});

test('every alert has a severity, says in words what is wrong, and uses labels that its expression leaves', () => {
  for (const { alert, expr, labels, annotations } of rules) {
    assert.match(labels.severity, /^(critical|warning|info)$/, alert);
    assert.ok(annotations.summary && annotations.description, alert);
    const left = /\b(?:by|on) \(([^)]*)\)/.exec(expr)?.[1]?.split(', ') ?? [];
    for (const [, label = ''] of annotations.description.matchAll(/\$labels\.(\w+)/g))
      assert.ok(left.includes(label), `${alert}: ${label}`);
  }
});

test('the runbooks may be elsewhere, and further labels select rules and dashboard', async () => {
  const [rule, board] = await render({
    prometheusRule: { enabled: true, runbookUrl: 'https://wiki.example.com/cubby', labels: { release: 'prometheus' } },
    grafanaDashboard: { enabled: true, labels: { team: 'kv' }, annotations: { grafana_folder: 'KV' } },
  }).then((all) => [find(all, 'PrometheusRule', 'cubby'), find(all, 'ConfigMap', 'cubby-dashboard')]);
  assert.equal(
    rule?.spec.groups[0].rules[0].annotations.runbook_url,
    'https://wiki.example.com/cubby/CubbyDataPlaneDown.md',
  );
  assert.equal(rule?.metadata.labels.release, 'prometheus');
  assert.deepEqual([board?.metadata.labels.grafana_dashboard, board?.metadata.labels.team], ['1', 'kv']);
  assert.equal(board?.metadata.annotations?.grafana_folder, 'KV');
});

test('every panel of the dashboard is fed, described, and overlaps with no other', () => {
  assert.equal(uid, 'cubby');
  const charts = panels.filter(({ type }) => type !== 'row');
  assert.ok(charts.length > 25, `${charts.length} panels`);
  for (const { title, description, targets = [] } of charts) {
    assert.ok(description, title);
    assert.ok(targets.length > 0, title);
    assert.equal(new Set(targets.map(({ refId }) => refId)).size, targets.length, title);
    for (const { expr, legendFormat } of targets) {
      const { labels, metrics } = read(expr);
      const known = [...TARGET_LABELS, ...labels, ...metrics.flatMap((name) => [...(exported.get(name) ?? [])])];
      for (const [, label = ''] of legendFormat.matchAll(/{{(\w+)}}/g))
        assert.ok(known.includes(label), `${title}: ${label}`);
    }
  }
  const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
    Array.from({ length: w * h }, (_, i) => `${x + (i % w)},${y + Math.floor(i / w)}`),
  );
  assert.equal(new Set(cells).size, cells.length);
});
