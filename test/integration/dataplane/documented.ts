import { createDocument, type OpenApiDocument, type ResponseObject } from '../../../dataplane/openapi/document.ts';
import type { Request } from '../../../dataplane/pipeline/call.ts';
import { createMatcher } from '../../../dataplane/pipeline/match.ts';
import type { Operation } from '../../../dataplane/pipeline/operation.ts';
import type { Reply, Serve } from '../../../dataplane/pipeline/serve.ts';

/** Of HTTP itself, and of what protects a page. */
const UNDOCUMENTED = new Set([
  'Connection',
  'Content-Security-Policy',
  'Content-Type',
  'Referrer-Policy',
  'X-Content-Type-Options',
]);

/**
 * A pipeline whose answers are held to the document: one with a status, a content type, a header or an error code that
 * the document does not give it becomes a 599 that says so, which no test expects.
 */
export function holdToDocument(serve: Serve, operations: readonly Operation[]): Serve {
  const document = createDocument(operations);
  const match = createMatcher(operations);
  return (request) => {
    const reply = serve(request);
    return reply instanceof Promise ? reply.then((late) => hold(request, late)) : hold(request, reply);
  };

  function hold(request: Request, reply: Reply): Reply {
    const { method, url } = request;
    const found = match(method, url);
    if (found.found === 'operation' && found.operation.internal) return reply;
    const wrong =
      found.found === 'operation'
        ? problemOf(document, found.operation, reply)
        : reply.status !== (found.found === 'nothing' ? 404 : 405) && `status ${reply.status} of no route`;
    if (!wrong) return reply;
    const headers = { ...reply.headers, 'Content-Type': 'text/plain' };
    return { ...reply, status: 599, headers, body: `${method} ${url}: not in the document: ${wrong}` };
  }
}

/** What of an answer the document does not have. */
function problemOf(document: OpenApiDocument, { path, method }: Operation, reply: Reply): string | undefined {
  const { status, headers, body } = reply;
  const response = document.paths[path]?.[method.toLowerCase()]?.responses[status];
  if (response === undefined) return `status ${status}`;
  const documented = '$ref' in response ? follow(document, response.$ref) : response;
  const type = headers['Content-Type'] ?? '';
  const content = documented.content[type];
  if (content === undefined) return `content type ${type} of ${status}`;
  for (const name of Object.keys(headers)) {
    if (!(name in documented.headers) && !UNDOCUMENTED.has(name)) return `header ${name} of ${status}`;
  }
  if (type !== 'application/problem+json') return undefined;
  const { code } = JSON.parse(body.toString()) as { code: string };
  const { enum: codes } = (content as ProblemContent).schema.properties.code;
  return codes.includes(code) ? undefined : `code ${code} of ${status}`;
}

interface ProblemContent {
  schema: { properties: { code: { enum: readonly string[] } } };
}

function follow(document: OpenApiDocument, ref: string): ResponseObject {
  return document.components.responses?.[ref.slice('#/components/responses/'.length)] as ResponseObject;
}
