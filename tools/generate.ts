// Writes what is generated: from crds/ the TypeScript types of the contract, the chart's copy of the CRDs and their
// reference pages; from the data plane's operations docs/openapi.json, so that a change of the API shows in review, and
// the page of it; from the chart's values, the command line's commands and both processes' metrics theirs. With --check
// it writes nothing and fails where a file is not up to date.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import { createDocument } from '../dataplane/openapi/document.ts';
import { createMetrics as createDataplaneMetrics, type Gauges } from '../dataplane/pipeline/metrics.ts';
import { operations } from '../dataplane/routes/table.ts';
import { createMetrics as createOperatorMetrics, type MetricSources } from '../operator/metrics.ts';
import { apiReference } from './generate/api-reference.ts';
import { chartCrd } from './generate/chart-crd.ts';
import { cliReference } from './generate/cli-reference.ts';
import type { Crd } from './generate/crd.ts';
import { crdReference } from './generate/crd-reference.ts';
import { metricsReference } from './generate/metrics-reference.ts';
import { typesOf } from './generate/types.ts';
import { valuesReference } from './generate/values-reference.ts';

const root = join(import.meta.dirname, '..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');

const outputs = new Map<string, string>();
for (const file of readdirSync(join(root, 'crds')).filter((name) => name.endsWith('.yaml'))) {
  const text = read(join('crds', file));
  const crd = parse(text) as Crd;
  const kind = crd.spec.names.kind.toLowerCase();
  outputs.set(`contract/${kind}.gen.ts`, await typesOf(crd));
  outputs.set(join('charts/cubby/templates/crds', file), chartCrd(text));
  outputs.set(`docs/reference/${kind}.md`, crdReference(crd, file));
}
const document = createDocument(operations({ ready: () => true }));
outputs.set('docs/openapi.json', `${JSON.stringify(document, null, 2)}\n`);
outputs.set('docs/reference/api.md', apiReference(document));
outputs.set('docs/reference/cli.md', cliReference());
outputs.set('docs/reference/values.md', valuesReference(read('charts/cubby/values.yaml')));
// Nothing is read: only names are asked for.
const sources = {} as MetricSources & Gauges;
const registries = [createOperatorMetrics(sources).registry, createDataplaneMetrics(sources).registry] as const;
outputs.set('docs/reference/metrics.md', metricsReference(...registries, read('charts/cubby/alerts.yaml')));

if (process.argv.includes('--check')) {
  const stale = [...outputs].filter(([path, text]) => !existsSync(join(root, path)) || read(path) !== text);
  if (stale.length > 0) {
    const names = stale.map(([path]) => path).join(', ');
    console.error(`not up to date with what they are generated from: ${names}; run: npm run generate`);
    process.exitCode = 1;
  }
} else {
  for (const [path, text] of outputs) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}
