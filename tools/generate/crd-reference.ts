import type { Crd, Schema } from './crd.ts';
import { cell, code, generatedFrom, page, table } from './markdown.ts';

interface Field {
  path: string;
  schema: Schema;
  required: boolean;
}

/** The reference page of a CRD: every field of spec and status with type, default, rules and description. */
export function crdReference(crd: Crd, file: string): string {
  const { kind, plural, shortNames = [] } = crd.spec.names;
  const version = crd.spec.versions[0];
  const schema = version?.schema.openAPIV3Schema ?? {};
  const names = [plural, ...shortNames].map(code).join(', ');
  const { spec = {}, status = {} } = schema.properties ?? {};
  return page(
    `# ${kind}`,
    generatedFrom(`crds/${file}`),
    cell(schema.description ?? ''),
    [
      `- apiVersion: ${code(`${crd.spec.group}/${version?.name}`)}, kind: ${code(kind)}`,
      `- scope: ${crd.spec.scope.toLowerCase()}`,
      `- kubectl knows it as ${names}`,
    ].join('\n'),
    rulesOf('Rules of the object', schema),
    '## Spec',
    cell(spec.description ?? ''),
    rulesOf('Rules of spec as a whole', spec),
    fieldTable(fieldsOf(spec, 'spec'), true),
    '## Status',
    `${cell(status.description ?? '')} What each condition means and what to do is in [conditions](../conditions.md).`,
    fieldTable(fieldsOf(status, 'status'), false),
  );
}

function fieldTable(fields: readonly Field[], withDefaults: boolean): string {
  const rows = fields.map(({ path, schema, required }) => {
    const description = [schema.description ?? '', ...messagesOf(schema)].map(cell).filter(Boolean).join('<br>');
    const type = typeOf(schema) + (required ? ', required' : '');
    return [code(path), type, ...(withDefaults ? [defaultOf(schema)] : []), description];
  });
  return table(['field', 'type', ...(withDefaults ? ['default'] : []), 'meaning and rules'], rows);
}

/** All fields below a schema, in the order in which the CRD has them. */
function fieldsOf(parent: Schema, prefix: string): Field[] {
  return Object.entries(parent.properties ?? {}).flatMap(([name, schema]) => {
    const path = `${prefix}.${name}`;
    const required = parent.required?.includes(name) ?? false;
    const inner = schema.items ? fieldsOf(schema.items, `${path}[]`) : fieldsOf(schema, path);
    const values = schema.additionalProperties?.properties ? fieldsOf(schema.additionalProperties, `${path}.*`) : [];
    return [{ path, schema, required }, ...inner, ...values];
  });
}

function typeOf(schema: Schema): string {
  if (schema['x-kubernetes-int-or-string']) return 'integer or string';
  if (schema.enum) return schema.enum.map(code).join(', ');
  if (schema.items) return `list of ${typeOf(schema.items)}`;
  if (schema.additionalProperties) return `map of ${typeOf(schema.additionalProperties)}`;
  return schema.format === 'date-time' ? 'time' : (schema.type ?? 'any');
}

/** The default in words; that of an object is those of its fields, which have rows of their own. */
function defaultOf({ default: value, properties }: Schema): string {
  if (value === undefined || properties) return '';
  return cell(code(value));
}

const messagesOf = (schema: Schema): string[] =>
  (schema['x-kubernetes-validations'] ?? []).flatMap(({ message }) => (message ? [`Rule: ${message}.`] : []));

function rulesOf(title: string, schema: Schema): string | undefined {
  const messages = (schema['x-kubernetes-validations'] ?? []).flatMap(({ message }) =>
    message ? [cell(message)] : [],
  );
  return messages.length > 0 ? `${title}:\n\n${messages.map((message) => `- ${message}`).join('\n')}` : undefined;
}
