import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { test } from 'node:test';

/**
 * Who may import whom: docs/ARCHITECTURE.md shows the same table, and a test below compares. A module is the longest listed folder that holds a
 * file. `packages` are the libraries that only this module may import, out of those named by any module.
 */
const modules: Record<string, { imports: string[]; packages?: string[] }> = {
  contract: { imports: [] },
  kube: { imports: [], packages: ['@kubernetes/client-node'] },
  'operator/resources': { imports: ['contract'] },
  'operator/status': { imports: ['contract'] },
  'operator/redis': { imports: ['contract'], packages: ['ioredis'] },
  'operator/reconcile': { imports: ['operator/resources', 'operator/status', 'operator/redis', 'contract', 'kube'] },
  'operator/controller': { imports: ['contract', 'kube'] },
  operator: {
    imports: [
      'operator/resources',
      'operator/status',
      'operator/redis',
      'operator/reconcile',
      'operator/controller',
      'contract',
      'kube',
    ],
  },
  'dataplane/json': { imports: [] },
  'dataplane/auth': { imports: ['contract'] },
  'dataplane/store': { imports: ['contract', 'dataplane/json'] },
  'dataplane/cache': { imports: ['dataplane/store'] },
  'dataplane/limits': { imports: [] },
  'dataplane/metering': { imports: ['contract', 'dataplane/limits', 'dataplane/store'] },
  'dataplane/directory': { imports: ['contract', 'kube'] },
  'dataplane/manage': { imports: ['contract'] },
  'dataplane/pipeline': {
    imports: [
      'contract',
      'dataplane/auth',
      'dataplane/directory',
      'dataplane/json',
      'dataplane/metering',
      'dataplane/store',
    ],
  },
  'dataplane/openapi': { imports: ['dataplane/pipeline'] },
  'dataplane/tracing': {
    imports: ['dataplane/pipeline', 'dataplane/store'],
    packages: [
      '@opentelemetry/api',
      '@opentelemetry/exporter-trace-otlp-http',
      '@opentelemetry/resources',
      '@opentelemetry/sdk-trace',
    ],
  },
  'dataplane/routes': {
    imports: [
      'contract',
      'dataplane/auth',
      'dataplane/directory',
      'dataplane/json',
      'dataplane/manage',
      'dataplane/metering',
      'dataplane/openapi',
      'dataplane/pipeline',
      'dataplane/store',
    ],
  },
  'dataplane/http': { imports: ['dataplane/pipeline'], packages: ['koa'] },
  dataplane: {
    imports: [
      'contract',
      'kube',
      'dataplane/auth',
      'dataplane/cache',
      'dataplane/directory',
      'dataplane/http',
      'dataplane/json',
      'dataplane/metering',
      'dataplane/pipeline',
      'dataplane/routes',
      'dataplane/store',
      'dataplane/tracing',
    ],
  },
  'backup/rdb': { imports: ['contract', 'backup'], packages: ['hash-wasm'] },
  'backup/target': { imports: ['contract', 'backup'], packages: ['@aws-sdk/client-s3'] },
  backup: { imports: ['contract', 'backup/rdb', 'backup/target'], packages: ['age-encryption'] },
  sdk: { imports: [] },
  dashboard: { imports: ['sdk'] },
  cli: { imports: ['contract', 'kube', 'sdk'], packages: ['commander'] },
};

const root = join(import.meta.dirname, '../..');
const files = globSync('{contract,kube,operator,dataplane,backup,sdk,dashboard,cli}/**/*.{ts,tsx}', {
  cwd: root,
  exclude: ['**/dist/**'],
});
const guarded = new Set(Object.values(modules).flatMap((module) => module.packages ?? []));

function moduleOf(file: string): string {
  const folder = dirname(file);
  const names = Object.keys(modules).filter((name) => folder === name || folder.startsWith(`${name}/`));
  const name = names.sort((a, b) => b.length - a.length)[0];
  assert.ok(name, `${file} belongs to no module of the table`);
  return name;
}

/** The files and packages that a file imports, type imports included: a type ties two modules together as well. */
function importsOf(file: string): string[] {
  const text = readFileSync(join(root, file), 'utf8');
  const statements =
    /^\s*(?:import|export)\b(?:[^'"`;=()]*?\bfrom)?\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/gm;
  return [...text.matchAll(statements)].map((match) => match[1] ?? match[2] ?? '');
}

const resolve = (file: string, specifier: string) => relative(root, join(root, dirname(file), specifier));
const packageOf = (specifier: string) => specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');

test('every import follows the table of who may import whom', () => {
  const refused: string[] = [];
  for (const file of files) {
    const from = moduleOf(file);
    const rule = modules[from];
    for (const specifier of importsOf(file)) {
      if (specifier.startsWith('.')) {
        const to = moduleOf(resolve(file, specifier));
        if (to !== from && !rule?.imports.includes(to)) refused.push(`${file} imports ${to}`);
      } else if (guarded.has(packageOf(specifier)) && !rule?.packages?.includes(packageOf(specifier))) {
        refused.push(`${file} imports the package ${packageOf(specifier)}`);
      }
    }
  }
  assert.deepEqual(refused, []);
});

test('the table in docs/ARCHITECTURE.md is this one', () => {
  const section = readFileSync(join(root, 'docs/ARCHITECTURE.md'), 'utf8').split('## Who imports whom')[1] ?? '';
  const rows = section.split('\n## ')[0]?.match(/^\| `.*$/gm) ?? [];
  const names = (cell = '') => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);
  const shown = rows.map((row) => {
    const [, module, imports, packages] = row.split('|');
    return [names(module)[0], names(imports), names(packages)];
  });
  const enforced = Object.entries(modules).map(([name, { imports, packages = [] }]) => [name, imports, packages]);
  assert.deepEqual(shown, enforced);
});

test('no file imports itself by way of others', () => {
  const graph = new Map(
    files.map((file) => [
      file,
      importsOf(file)
        .filter((specifier) => specifier.startsWith('.'))
        .map((specifier) => resolve(file, specifier)),
    ]),
  );
  const done = new Set<string>();
  const visit = (file: string, path: string[]): void => {
    assert.ok(!path.includes(file), `cycle: ${[...path.slice(path.indexOf(file)), file].join(' → ')}`);
    if (done.has(file)) return;
    for (const next of graph.get(file) ?? []) visit(next, [...path, file]);
    done.add(file);
  };
  for (const file of files) visit(file, []);
});

test('the walk sees the imports that there are', () => {
  const all = files.flatMap(importsOf);
  assert.ok(all.length > files.length, `${all.length} imports in ${files.length} files`);
});
