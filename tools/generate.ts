// Writes what is generated: from crds/ the TypeScript types of the contract and the chart's copy of the CRDs, and from
// the data plane's operations docs/openapi.json, so that a change of the API shows in review. With --check it writes
// nothing and fails where a file is not up to date.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { compile, type JSONSchema } from 'json-schema-to-typescript';
import { parse } from 'yaml';
import { createDocument } from '../dataplane/openapi/document.ts';
import { operations } from '../dataplane/routes/table.ts';
import { chartCrd } from './chart-crd.ts';

const root = join(import.meta.dirname, '..');

interface Crd {
  spec: { names: { kind: string }; versions: { schema: { openAPIV3Schema: JSONSchema } }[] };
}

/** Rewrites the parts of a structural schema that plain JSON schema says differently. */
function toJsonSchema(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(toJsonSchema);
  if (typeof node !== 'object' || node === null) return node;
  const source = node as Record<string, unknown>;
  const result: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(source)) {
    if (!key.startsWith('x-kubernetes-') && key !== 'maxItems' && key !== 'default') result[key] = toJsonSchema(value);
  }
  if (source['x-kubernetes-int-or-string'] === true) result.type = ['string', 'integer'];
  if (source.type === 'object' && source.properties !== undefined && source.additionalProperties === undefined) {
    result.additionalProperties = false;
    // The API server fills in defaults, so whoever reads an object finds these fields.
    const properties = Object.entries(source.properties as Record<string, { default?: unknown }>);
    const defaulted = properties.filter(([, property]) => property.default !== undefined).map(([name]) => name);
    result.required = [...((source.required as string[] | undefined) ?? []), ...defaulted];
  }
  if (source['x-kubernetes-preserve-unknown-fields'] === true) result.additionalProperties = true;
  return result;
}

async function typesOf(crd: Crd): Promise<string> {
  const { kind } = crd.spec.names;
  const schema = toJsonSchema(crd.spec.versions[0]?.schema.openAPIV3Schema) as JSONSchema;
  const { apiVersion: _a, kind: _k, metadata: _m, ...properties } = schema.properties ?? {};
  for (const part of ['spec', 'status']) {
    if (properties[part])
      properties[part] = { ...properties[part], title: `${kind}${part === 'spec' ? 'Spec' : 'Status'}` };
  }
  return compile({ ...schema, title: `${kind}Fields`, properties }, `${kind}Fields`, {
    bannerComment: `// Generated from crds/ by \`npm run generate\`. Do not edit.`,
    style: { singleQuote: true, printWidth: 120 },
  });
}

const outputs = new Map<string, string>();
for (const file of readdirSync(join(root, 'crds')).filter((name) => name.endsWith('.yaml'))) {
  const text = readFileSync(join(root, 'crds', file), 'utf8');
  const crd = parse(text) as Crd;
  outputs.set(join('contract', `${crd.spec.names.kind.toLowerCase()}.gen.ts`), await typesOf(crd));
  outputs.set(join('charts/cubby/templates/crds', file), chartCrd(text));
}
const document = createDocument(operations({ ready: () => true }));
outputs.set('docs/openapi.json', `${JSON.stringify(document, null, 2)}\n`);

if (process.argv.includes('--check')) {
  const current = (path: string) => (existsSync(join(root, path)) ? readFileSync(join(root, path), 'utf8') : undefined);
  const stale = [...outputs].filter(([path, text]) => current(path) !== text).map(([path]) => path);
  if (stale.length > 0) {
    console.error(`not up to date with what they are generated from: ${stale.join(', ')}; run: npm run generate`);
    process.exitCode = 1;
  }
} else {
  for (const [path, text] of outputs) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}
