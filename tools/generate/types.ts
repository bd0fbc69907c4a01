import { compile, type JSONSchema } from 'json-schema-to-typescript';
import type { Crd } from './crd.ts';

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

/** The TypeScript types of a CRD's spec and status. */
export async function typesOf(crd: Crd): Promise<string> {
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
