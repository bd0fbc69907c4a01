// Writes what kustomize/base/ installs: the chart's objects under its default values, without what is Helm's own. Apart
// from `npm run generate`, because it needs Helm. With --check it writes nothing and fails where a file is not up to date.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Document, parseAllDocuments } from 'yaml';
import { ensureBinaries } from '../cluster/binaries.ts';
import { run } from '../cluster/command.ts';
import { consoleProgress } from '../cluster/progress.ts';

const root = join(import.meta.dirname, '..');
const base = join(root, 'kustomize/base');
const NOTE = '# Generated from charts/cubby by `node tools/kustomize.ts`. Do not edit.\n';

/** What only Helm reads, in objects and in their pods' templates. */
const HELM_LABELS = ['app.kubernetes.io/managed-by', 'helm.sh/chart'];
const HELM_ANNOTATIONS = ['helm.sh/resource-policy', 'cubby.dev/chart-version', 'checksum/config'];

/** Removes keys of a map of the document, and the map with the last of them. */
function removeKeys(document: Document, path: string[], keys: string[]): void {
  if (!document.hasIn(path)) return;
  for (const key of keys) document.deleteIn([...path, key]);
  const left = document.getIn(path) as { items?: unknown[] } | undefined;
  if (left?.items?.length === 0) document.deleteIn(path);
}

/** The files of the base by name: one for each folder of the chart's templates, and the two configurations. */
async function renderBase(): Promise<Map<string, string>> {
  const { helm } = await ensureBinaries(['helm'], consoleProgress);
  const chart = join(root, 'charts/cubby');
  const rendered = await run(helm, ['template', 'cubby', chart, '--namespace', 'cubby-system', '--no-hooks']);
  const files = new Map<string, string>();
  for (const text of rendered.split(/^---\n/m)) {
    const [, template = ''] = /^# Source: cubby\/templates\/(.+)\n/m.exec(text) ?? [];
    const [document] = parseAllDocuments(text.replace(/^# (Source|Generated).*\n/gm, ''), { uniqueKeys: true });
    if (!document?.contents) continue;
    for (const path of [['metadata'], ['spec', 'template', 'metadata']]) {
      removeKeys(document, [...path, 'labels'], HELM_LABELS);
      removeKeys(document, [...path, 'annotations'], HELM_ANNOTATIONS);
    }
    const { kind, data } = document.toJS() as { kind: string; data?: Record<string, string> };
    if (kind === 'ConfigMap') {
      // Made by a generator: its name follows its content, so that pods roll when an overlay changes it.
      for (const [name, content] of Object.entries(data ?? {})) files.set(`config/${name}`, content);
      continue;
    }
    const name = `${template.includes('/') ? dirname(template) : template.replace('.yaml', '')}.yaml`;
    const before = files.get(name);
    files.set(name, `${before ? `${before}---\n` : NOTE}${document.toString({ lineWidth: 0 })}`);
  }
  return files;
}

const files = await renderBase();
if (process.argv.includes('--check')) {
  const current = (path: string) => (existsSync(join(base, path)) ? readFileSync(join(base, path), 'utf8') : undefined);
  const stale = [...files].filter(([path, text]) => current(path) !== text).map(([path]) => path);
  if (stale.length > 0) {
    console.error(`kustomize/base is not what the chart says: ${stale.join(', ')}; run: node tools/kustomize.ts`);
    process.exitCode = 1;
  }
} else {
  for (const [path, text] of files) {
    mkdirSync(dirname(join(base, path)), { recursive: true });
    writeFileSync(join(base, path), text);
  }
}
