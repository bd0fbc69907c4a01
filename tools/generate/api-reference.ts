import type { OpenApiDocument } from '../../dataplane/openapi/document.ts';
import { cell, code, generatedFrom, page, table } from './markdown.ts';
import { lookUp, type Operation, type Parameter, type Schema } from './openapi.ts';

/** The reference page of the API: every call with its access, parameters, body, answer, errors and an example. */
export function apiReference(document: OpenApiDocument): string {
  const resolve = <T>(value: T | { $ref: string }): T => lookUp(document, value);
  const calls = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods as unknown as Record<string, Operation>).map(([method, operation]) => ({
      title: `${method.toUpperCase()} ${path}`,
      operation,
    })),
  );
  // What needs no token, the probes and the documentation, is what a reader looks for least.
  const open = calls.filter(({ operation }) => operation.security.length === 0);
  const ordered = [...calls.filter((call) => !open.includes(call)), ...open];
  const tags = [...new Set(ordered.flatMap(({ operation }) => operation.tags))];
  return page(
    '# API calls',
    generatedFrom('docs/openapi.json'),
    'Every call, as the data plane validates it. What they have in common, and how they behave, is in [the REST API](../api.md); what each code means in [error codes](../errors.md). The machine-readable form is [openapi.json](../openapi.json), which the data plane serves as `/openapi.json`.',
    ...tags.flatMap((tag) => [
      `## ${tag}`,
      ...calls
        .filter(({ operation }) => operation.tags.includes(tag))
        .map((call) => section(call.title, call.operation)),
    ]),
  );

  function section(title: string, operation: Operation): string {
    const parameters = operation.parameters.map((parameter) => resolve<Parameter>(parameter as Parameter));
    const [, body] = Object.entries(operation.requestBody?.content ?? {})[0] ?? [];
    const [type, answer] = Object.entries(resolve(operation.responses[200] ?? {}).content ?? {})[0] ?? [];
    const json = type === 'application/json';
    return page(
      `### ${code(title)}`,
      `${cell(operation.summary)}. ${accessOf(operation)}`,
      operation.description && prose(operation.description),
      parameters.length > 0 ? `Parameters:\n\n${parameterTable(parameters)}` : undefined,
      body?.schema && `Body${operation.requestBody?.required ? '' : ', optional'}:\n\n${fieldTable(body.schema)}`,
      body?.example !== undefined ? `For example:\n\n${example(body.example)}` : undefined,
      json && answer?.schema ? `Answer 200:\n\n${fieldTable(answer.schema)}` : `Answer 200: ${code(type ?? 'no body')}`,
      json && answer?.example !== undefined ? `For example:\n\n${example(answer.example)}` : undefined,
      errorsOf(operation),
    );
  }

  function errorsOf({ responses }: Operation): string | undefined {
    const rows = Object.entries(responses).filter(([status]) => status !== '200');
    const lines = rows.map(([status, response]) => {
      const { description = '' } = resolve(response as { description?: string });
      return [status, description.split(/\n+/).filter(Boolean).map(cell).join('<br>')];
    });
    return lines.length > 0 ? `Errors:\n\n${table(['status', 'codes'], lines)}` : undefined;
  }

  function parameterTable(parameters: readonly Parameter[]): string {
    const rows = parameters.map(({ name, in: where, required, description = '', schema }) => [
      code(name),
      where,
      typeOf(schema) + (required ? ', required' : ''),
      meaningOf(description, schema),
    ]);
    return table(['name', 'in', 'type', 'meaning'], rows);
  }

  function fieldTable(schema: Schema): string {
    const rows = fieldsOf(schema, '').map(({ path, field, required }) => [
      code(path),
      typeOf(field) + (required ? '' : ', optional'),
      meaningOf(field.description, field),
    ]);
    return table(['field', 'type', 'meaning'], rows);
  }

  function fieldsOf(schema: Schema, prefix: string): { path: string; field: Schema; required: boolean }[] {
    const { properties = {}, required = [] } = objectOf(schema);
    return Object.entries(properties).flatMap(([name, value]) => {
      const path = prefix + name;
      const field = resolve<Schema>(value as Schema);
      const inner = fieldsOf(field.items ? resolve<Schema>(field.items) : field, `${path}${field.items ? '[]' : ''}.`);
      return [{ path, field, required: required.includes(name) }, ...inner];
    });
  }

  /** The object among what a schema may be. */
  function objectOf(schema: Schema): Schema {
    const options = [schema, ...(schema.anyOf ?? []), ...(schema.oneOf ?? [])].map((option) => resolve<Schema>(option));
    return options.find(({ properties }) => properties) ?? {};
  }

  function typeOf(given: Schema): string {
    const schema = resolve<Schema>(given);
    if (schema.const !== undefined) return code(schema.const);
    if (schema.enum) return schema.enum.map(code).join(', ');
    const options = schema.anyOf ?? schema.oneOf;
    if (options) return [...new Set(options.map(typeOf))].join(' or ');
    if (schema.items) return `list of ${typeOf(schema.items)}`;
    if (schema.format === 'date-time') return 'time';
    return [schema.type ?? 'any JSON'].flat().join(' or ');
  }
}

function accessOf({ security }: Operation): string {
  const scopes = security.flatMap(({ bearer }) => (bearer ? [bearer] : [])).flat();
  if (security.length === 0) return 'Needs no token.';
  return scopes.length > 0
    ? `Needs ${scopes.map(code).join(', ')}.`
    : 'Needs a token; which scope depends on the call.';
}

function meaningOf(description: string | undefined, { minimum, maximum, maxItems, default: value }: Schema): string {
  const limits = [
    minimum === undefined ? '' : `at least ${minimum}`,
    maximum === undefined ? '' : `at most ${maximum}`,
    maxItems === undefined ? '' : `at most ${maxItems} of them`,
    value === undefined ? '' : `${code(value)} where absent`,
  ]
    .filter(Boolean)
    .join(', ');
  return [cell(description ?? ''), limits && `(${limits})`].filter(Boolean).join(' ');
}

/** Text of the document that may have several paragraphs. */
const prose = (text: string): string => text.replaceAll('<', '&lt;').replaceAll('{{', '&#123;&#123;');

const example = (value: unknown): string => `\`\`\`json\n${JSON.stringify(value, null, 2)}\n\`\`\``;
