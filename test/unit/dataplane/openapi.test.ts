import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { Validator } from '@seriousme/openapi-schema-validator';
import * as z from 'zod';
import {
  createDocument,
  type OpenApiDocument,
  type ResponseObject,
  VERSION,
} from '../../../dataplane/openapi/document.ts';
import { ok } from '../../../dataplane/pipeline/call.ts';
import { ERRORS } from '../../../dataplane/pipeline/errors.ts';
import type { Operation } from '../../../dataplane/pipeline/operation.ts';
import { operations } from '../../../dataplane/routes/table.ts';

const all = operations({ ready: () => true });
const document = createDocument(all);

/** What a reference or any other value stands for. */
function resolve<T>(of: OpenApiDocument, node: unknown): T {
  const ref = (node as { $ref?: string }).$ref;
  if (ref === undefined) return node as T;
  return ref
    .slice(2)
    .split('/')
    .reduce((at, name) => (at as Record<string, unknown>)[name], of as unknown) as T;
}

function refsOf(node: unknown): string[] {
  if (typeof node !== 'object' || node === null) return [];
  return Object.entries(node).flatMap(([name, value]) =>
    name === '$ref' && typeof value === 'string' ? [value] : refsOf(value),
  );
}

/** The error codes of a response. */
function codesOf({ content }: ResponseObject): string[] {
  const problems = content['application/problem+json'] as { schema: { properties: { code: { enum: string[] } } } };
  return problems.schema.properties.code.enum;
}

const plain: Operation = {
  id: 'plain',
  method: 'GET',
  path: '/plain',
  tag: 'test',
  summary: 'Test',
  access: 'none',
  target: 'none',
  answer: z.string(),
  errors: [],
  run: () => ok(''),
};

/** The document's account of one operation that differs from the plain one in these fields. */
function describeOne(fields: Partial<Operation>) {
  const of = createDocument([{ ...plain, ...fields }]);
  const operation = Object.values(Object.values(of.paths)[0] ?? {})[0];
  assert.ok(operation);
  const codes = (status: number): string[] | undefined => {
    const response = operation.responses[status];
    if (response === undefined) return undefined;
    return codesOf(resolve<ResponseObject>(of, response));
  };
  const headers = (status: number) =>
    Object.keys(resolve<{ headers: object }>(of, operation.responses[status]).headers);
  return { of, operation, codes, headers };
}

describe('the document of the API', () => {
  test('is valid OpenAPI 3.1', async () => {
    const result = await new Validator().validate(structuredClone(document));
    assert.deepEqual(result, { valid: true });
  });
  test('is refused by that validation where a field is wrong', async () => {
    const wrong = { ...structuredClone(document), paths: { livez: 1 } };
    assert.equal((await new Validator().validate(wrong)).valid, false);
  });
  test('has every operation that is not internal, once', () => {
    const ids = Object.values(document.paths).flatMap((methods) => Object.values(methods).map((o) => o.operationId));
    assert.deepEqual(
      ids.sort(),
      all
        .filter(({ internal }) => !internal)
        .map(({ id }) => id)
        .sort(),
    );
    assert.equal(new Set(ids).size, ids.length);
  });
  test('refers to nothing that it lacks, and holds no component that nothing refers to', () => {
    const refs = new Set(refsOf(document));
    for (const ref of refs) assert.ok(resolve(document, { $ref: ref }), ref);
    for (const [kind, parts] of Object.entries(document.components)) {
      if (kind === 'securitySchemes') continue;
      for (const name of Object.keys(parts)) assert.ok(refs.has(`#/components/${kind}/${name}`), `${kind}/${name}`);
    }
  });
  test('is of the version of the package', () => {
    const manifest = readFileSync(join(import.meta.dirname, '../../../package.json'), 'utf8');
    assert.equal(VERSION, JSON.parse(manifest).version);
  });
  test('has examples that the operations take and give', () => {
    const wrong = all.filter(({ example, body, answer }) => {
      const takes = example?.body === undefined || body?.strict().safeParse(example.body).success;
      return !takes || (example?.answer !== undefined && !answer.safeParse(example.answer).success);
    });
    assert.deepEqual(
      wrong.map(({ id }) => id),
      [],
    );
  });
  test('has every code of the API', () => {
    const codes = Object.values(document.components.responses as Record<string, ResponseObject>).flatMap(codesOf);
    assert.deepEqual([...new Set(codes)].sort(), Object.keys(ERRORS).sort());
  });
});

describe('the errors of an operation', () => {
  test('without a token are those that any request may meet', () => {
    const { operation, codes } = describeOne({});
    assert.deepEqual(Object.keys(operation.responses), ['200', '400', '405', '500']);
    assert.deepEqual(codes(405), ['method_not_allowed']);
    assert.deepEqual(operation.security, []);
  });
  test('with a scope are also 401 and 403', () => {
    const { operation, codes, headers } = describeOne({ access: 'kv:read' });
    assert.deepEqual(codes(401), ['unauthorized']);
    assert.deepEqual(codes(403), ['forbidden']);
    assert.ok(headers(401).includes('WWW-Authenticate'));
    assert.deepEqual(operation.security, [{ bearer: ['kv:read'] }]);
  });
  test('for any valid token are without 403', () => {
    assert.equal(describeOne({ access: 'token' }).codes(403), undefined);
  });
  test('with a body are also 413 and 415', () => {
    const { codes } = describeOne({ method: 'PUT', body: z.object({}) });
    assert.deepEqual(codes(413), ['payload_too_large']);
    assert.deepEqual(codes(415), ['unsupported_media_type']);
  });
  test('on a store are also those of the project, of limits, and of lost writes', () => {
    const read = describeOne({ access: 'kv:read', target: 'store', charge: () => ({ get: 1 }) });
    assert.deepEqual(read.codes(400), ['bad_request', 'project_required']);
    assert.deepEqual(read.codes(402), ['insufficient_tokens']);
    assert.deepEqual(read.codes(404), ['not_found']);
    assert.deepEqual(read.codes(429), ['rate_limited']);
    assert.deepEqual(read.codes(503), ['store_unavailable', 'store_hibernated']);
    assert.equal(read.codes(504), undefined);
    assert.deepEqual(describeOne({ access: 'kv:write', target: 'store' }).codes(504), ['outcome_unknown']);
  });
  test('come with the headers that say what to do', () => {
    const { headers } = describeOne({ access: 'kv:read', target: 'store', charge: () => ({ get: 1 }) });
    assert.ok(headers(405).includes('Allow'));
    for (const status of [429, 503]) assert.ok(headers(status).includes('Retry-After'), `${status}`);
    for (const name of ['X-RateLimit-Limit', 'X-Tokens-Remaining', 'X-Request-Id', 'Cache-Control']) {
      assert.ok(headers(200).includes(name), name);
    }
    assert.ok(!headers(401).includes('X-RateLimit-Limit'));
    assert.ok(headers(429).includes('X-RateLimit-Limit') && !headers(429).includes('X-Tokens-Charged'));
  });
});

describe('what an operation takes', () => {
  test('is a body of the members of its schema and project_id, required where one of them is', () => {
    type Body = { required?: boolean; content: Record<string, { schema: Record<string, unknown> }> };
    const bodyOf = (body: z.ZodObject) => describeOne({ method: 'PUT', body }).operation.requestBody as Body;
    const required = bodyOf(z.object({ a: z.int(), b: z.json().optional() }));
    assert.equal(required.required, true);
    const schema = required.content['application/json']?.schema ?? {};
    const properties = schema.properties as Record<string, unknown>;
    assert.deepEqual(Object.keys(properties), ['a', 'b', 'project_id']);
    assert.equal(schema.additionalProperties, false);
    assert.deepEqual(properties.b, {});
    assert.equal(bodyOf(z.object({ a: z.int().optional() })).required, undefined);
  });
  test('is a query whose members have the type that their text stands for', () => {
    const whole = z.int().min(1).max(1000);
    const coerced = z.coerce.number().pipe(whole).default(100).describe('At most so many');
    const parsed = z.string().regex(/^\d+$/).transform(Number).pipe(whole);
    const { operation } = describeOne({ query: z.object({ coerced, parsed }) });
    const schema = { type: 'integer', minimum: 1, maximum: 1000 };
    assert.deepEqual(operation.parameters, [
      { name: 'coerced', in: 'query', description: 'At most so many', schema: { ...schema, default: 100 } },
      { name: 'parsed', in: 'query', required: true, schema },
    ]);
  });
  test('is a shared schema where that has an id', () => {
    const item = z.object({ a: z.int() }).meta({ id: 'Item' });
    const { of } = describeOne({ answer: z.object({ items: z.array(item) }) });
    assert.ok((of.components.schemas as Record<string, unknown>).Item);
  });
  test('keeps members that are called as the words of JSON Schema are', () => {
    const query = z.object({ pattern: z.string(), id: z.string(), const: z.string(), properties: z.string() });
    const { operation } = describeOne({ query });
    assert.deepEqual(
      (operation.parameters as { name: string }[]).map(({ name }) => name),
      ['pattern', 'id', 'const', 'properties'],
    );
  });
  test('and how it answers in other ways stands beside errors of the same status', () => {
    const { operation } = describeOne({
      access: 'token',
      answerType: 'text/plain',
      otherAnswers: { 503: 'Not yet' },
    });
    const { content } = operation.responses[503] as { content: object };
    assert.deepEqual(Object.keys(content), ['text/plain', 'application/problem+json']);
  });
});
