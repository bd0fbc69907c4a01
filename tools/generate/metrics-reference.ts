import type { Registry } from 'prom-client';
import { parse } from 'yaml';
import { cell, code, generatedFrom, page, table } from './markdown.ts';

/** What a registry tells of a metric; the library's types leave out the labels. */
interface Metric {
  name: string;
  help: string;
  type: string;
  labelNames?: readonly string[];
}

interface Rule {
  alert: string;
  labels: { severity: string };
  annotations: { summary: string };
}

/** The reference page of what both processes export, and of the alerts of the chart. */
export function metricsReference(operator: Registry, dataplane: Registry, alerts: string): string {
  const { groups } = parse(alerts) as { groups: { rules: Rule[] }[] };
  return page(
    '# Metrics and alerts',
    generatedFrom('operator/metrics.ts, dataplane/pipeline/metrics.ts and charts/cubby/alerts.yaml'),
    'Each pod serves them at `/metrics`: the operator on port 8080, the data plane on port 9090, apart from its API. The values `serviceMonitor.enabled`, `prometheusRule.enabled` and `grafanaDashboard.enabled` let the Prometheus operator collect them, raise the alerts below, and add a dashboard. Those of the process itself (`process_*`, `nodejs_*`) come on top. Every replica of the operator counts the stores, so take the `max` of `cubby_store*`, not the sum.',
    '## Operator',
    metricsTable(operator),
    '## Data plane',
    metricsTable(dataplane),
    '## Alerts',
    table(
      ['alert', 'severity', 'what is wrong'],
      groups
        .flatMap(({ rules }) => rules)
        .map(({ alert, labels, annotations }) => [
          `[${alert}](../runbooks/${alert}.md)`,
          labels.severity,
          cell(annotations.summary),
        ]),
    ),
  );
}

function metricsTable(registry: Registry): string {
  const metrics = (registry.getMetricsAsArray() as unknown as Metric[]).filter(({ name }) => name.startsWith('cubby_'));
  const rows = metrics.map(({ name, type, labelNames = [], help }) => [
    code(name),
    type,
    labelNames.map(code).join(', '),
    cell(help),
  ]);
  return table(['metric', 'type', 'labels', 'meaning'], rows);
}
