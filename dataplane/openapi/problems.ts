import { ApiError, ERRORS, type ErrorCode, problem } from '../pipeline/errors.ts';
import type { JsonSchema } from './schemas.ts';

const text = (description: string): JsonSchema => ({ type: 'string', description });

/** The members of every error answer (RFC 9457); see `problem` of the pipeline. */
export const PROBLEM: JsonSchema = {
  type: 'object',
  description: 'An error. Decide by `code`, whose meaning never changes',
  required: ['type', 'title', 'status', 'detail', 'code', 'message', 'request_id'],
  properties: {
    type: { type: 'string', format: 'uri', description: 'A URI that stands for the code' },
    title: text('What the code means'),
    status: { type: 'integer', description: 'The HTTP status' },
    detail: text('What is wrong with this request, for people'),
    code: { type: 'string', enum: Object.keys(ERRORS) },
    message: text('The same as `detail`'),
    request_id: text('The same as the header X-Request-Id'),
  },
};

/** The media type object of error answers with one of these codes, which share a status. */
export function problemContent(status: number, codes: readonly ErrorCode[]): Record<string, unknown> {
  return {
    'application/problem+json': {
      schema: {
        allOf: [{ $ref: '#/components/schemas/Problem' }],
        properties: { status: { const: status }, code: { enum: codes } },
      },
      examples: Object.fromEntries(codes.map((code) => [code, { value: exampleOf(code) }])),
    },
  };
}

/** What error answers with one of these codes mean. */
export function describe(codes: readonly ErrorCode[]): string {
  return codes.map((code) => `\`${code}\`: ${ERRORS[code].title}`).join('. ');
}

function exampleOf(code: ErrorCode): object {
  const { title } = ERRORS[code];
  return JSON.parse(problem(new ApiError(code, title), '853544f1-c7c8-49e8-bf4c-59aa90034360'));
}
