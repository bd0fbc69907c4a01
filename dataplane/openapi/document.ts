import { mayBeDurable } from '../pipeline/durability.ts';
import { KEY_PATTERN, MAX_CODE_POINTS } from '../pipeline/key.ts';
import type { Operation } from '../pipeline/operation.ts';
import { errorsOf } from './errors.ts';
import { HEADERS, headersOf } from './headers.ts';
import { describe, PROBLEM, problemContent } from './problems.ts';
import { createConverter, type JsonSchema } from './schemas.ts';

/** An OpenAPI document, as far as what reads it here needs to know. */
export interface OpenApiDocument {
  openapi: string;
  info: { title: string; version: string; description: string; license: object };
  paths: Record<string, Record<string, OperationObject>>;
  components: Record<string, Record<string, unknown>>;
  [field: string]: unknown;
}

/** One call in the document. */
export interface OperationObject {
  operationId: string;
  responses: Record<string, ResponseObject | Reference>;
  [field: string]: unknown;
}

/** One answer in the document. */
export interface ResponseObject {
  description: string;
  headers: Record<string, Reference>;
  content: Record<string, unknown>;
}

interface Reference {
  $ref: string;
}

/** The version of Cubby that the document is of; that of package.json. */
export const VERSION = '0.1.0';

const DESCRIPTION = `Every tenant of a Kubernetes cluster gets its own managed Redis behind one authenticated REST API.

Send \`Authorization: Bearer <token>\`. A project key (\`sk_live_\`) and a deployment token (\`dt_\`) are bound to their
project, and any \`project_id\` is ignored; an API key (\`tk_\`) needs \`project_id\`, in the JSON body or in the query.

Values are any JSON of at most 262,144 bytes and come back byte for byte. Paths take HEAD wherever they take GET.
Calls of \`/infra/kv\` and \`/api/kv\` work on the same data.`;

const PARAMETERS = {
  key: {
    name: 'key',
    in: 'path',
    required: true,
    description: 'The key, percent-encoded; slashes may stand as they are',
    schema: { type: 'string', minLength: 1, maxLength: MAX_CODE_POINTS, pattern: KEY_PATTERN.source },
    example: 'session:u_123',
  },
  name: {
    name: 'name',
    in: 'path',
    required: true,
    description: 'Name of the KVToken, KVBackup or KVBackupSchedule',
    schema: { type: 'string', minLength: 1, maxLength: MAX_CODE_POINTS, pattern: KEY_PATTERN.source },
    example: 'web',
  },
  durability: {
    name: 'X-Durability',
    in: 'header',
    description:
      'How many nodes of the store must have a write before it is answered, the primary included: at most those that it has. Too few in time is `outcome_unknown`',
    schema: { type: 'integer', minimum: 2 },
  },
  project_id: {
    name: 'project_id',
    in: 'query',
    description: 'The project, for API keys that name it in no body; other tokens are bound to theirs. Empty is absent',
    schema: { type: 'string' },
  },
} as const;

const PROJECT_ID: JsonSchema = {
  description: 'The project, for API keys; other tokens are bound to theirs. Empty is absent',
  anyOf: [{ type: 'string' }, { type: 'integer', minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER }],
};

const refTo = (kind: string, name: string): Reference => ({ $ref: `#/components/${kind}/${name}` });

/** The OpenAPI 3.1 document of operations, all of it derived from what the pipeline goes by. */
export function createDocument(operations: readonly Operation[]): OpenApiDocument {
  const schemas: Record<string, JsonSchema> = { Problem: PROBLEM, ProjectId: PROJECT_ID };
  const responses: Record<string, ResponseObject> = {};
  const convert = createConverter(schemas);
  const listed = operations.filter(({ internal }) => !internal);
  const paths: OpenApiDocument['paths'] = {};
  for (const operation of listed) {
    paths[operation.path] = {
      ...paths[operation.path],
      [operation.method.toLowerCase()]: describeOperation(operation),
    };
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'Cubby',
      version: VERSION,
      description: DESCRIPTION,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    tags: tagsOf(listed),
    paths,
    components: {
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'The token of a KVToken, as its Secret holds it' },
      },
      parameters: PARAMETERS,
      headers: HEADERS,
      responses,
      schemas,
    },
  };

  function describeOperation(operation: Operation): OperationObject {
    const { id, summary, description, tag, access, body } = operation;
    return {
      operationId: id,
      tags: [tag],
      summary,
      ...(description === undefined ? {} : { description }),
      security: access === 'none' ? [] : [{ bearer: access === 'token' ? [] : [access] }],
      parameters: parametersOf(operation),
      ...(body ? { requestBody: describeBody(convert(body, 'input'), operation.example?.body) } : {}),
      responses: { 200: describeAnswer(operation), ...describeErrors(operation) },
    };
  }

  function parametersOf(operation: Operation): object[] {
    const { path, target, query } = operation;
    const parameters: object[] = [];
    for (const [, name = ''] of path.matchAll(/\{(\w+)\}/g)) parameters.push(refTo('parameters', name));
    if (query) {
      // What a text comes to, as 100 does of '100', is what it has to be; but what has a default may be left out.
      const { properties = {} } = convert(query, 'output');
      const { required = [] } = convert(query, 'input');
      for (const [name, { description, ...schema }] of Object.entries(properties as Record<string, JsonSchema>)) {
        parameters.push({
          name,
          in: 'query',
          ...((required as string[]).includes(name) ? { required: true } : {}),
          ...(description === undefined ? {} : { description }),
          schema,
        });
      }
    }
    if (mayBeDurable(operation)) parameters.push(refTo('parameters', 'durability'));
    if (target !== 'none') parameters.push(refTo('parameters', 'project_id'));
    return parameters;
  }

  /** A body has the members that the schema names and no others, but for `project_id`. */
  function describeBody({ properties = {}, ...schema }: JsonSchema, example: object | undefined): object {
    const all = { ...(properties as object), project_id: refTo('schemas', 'ProjectId') };
    return {
      ...(Array.isArray(schema.required) ? { required: true } : {}),
      content: {
        'application/json': {
          schema: { ...schema, properties: all, additionalProperties: false },
          ...(example ? { example } : {}),
        },
      },
    };
  }

  function describeAnswer(operation: Operation): ResponseObject {
    const { answer, answerType = 'application/json', example } = operation;
    const content = {
      schema: convert(answer, 'output'),
      ...(example?.answer === undefined ? {} : { example: example.answer }),
    };
    return { description: 'Done', headers: headersFor(operation, 200), content: { [answerType]: content } };
  }

  function describeErrors(operation: Operation): OperationObject['responses'] {
    const found: OperationObject['responses'] = {};
    for (const [status, codes] of errorsOf(operation)) {
      const headers = headersFor(operation, status);
      const name = [
        codes.join('-'),
        ...(headers['X-Tokens-Charged'] ? ['charged'] : headers['X-RateLimit-Limit'] ? ['limited'] : []),
      ].join('.');
      responses[name] = { description: describe(codes), headers, content: problemContent(status, codes) };
      found[status] = refTo('responses', name);
    }
    for (const [status, description] of Object.entries(operation.otherAnswers ?? {})) {
      const codes = errorsOf(operation).get(Number(status)) ?? [];
      const also = codes.length > 0 ? problemContent(Number(status), codes) : {};
      const { answerType = 'application/json' } = operation;
      found[status] = {
        description: [description, ...(codes.length > 0 ? [describe(codes)] : [])].join('. '),
        headers: headersFor(operation, Number(status)),
        content: { [answerType]: { schema: convert(operation.answer, 'output') }, ...also },
      };
    }
    return found;
  }
}

/** The groups in which a page shows the operations: those that need no token, which people seldom look for, last. */
function tagsOf(operations: readonly Operation[]): object[] {
  const ordered = [...operations.filter(({ access }) => access !== 'none'), ...operations];
  return [...new Set(ordered.map(({ tag }) => tag))].map((name) => ({ name }));
}

function headersFor(operation: Operation, status: number): Record<string, Reference> {
  return Object.fromEntries(headersOf(operation, status).map((name) => [name, refTo('headers', name)]));
}
