import assert from 'node:assert/strict';
import type { Api } from './api.ts';

/** What the API answered. */
export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  json: Record<string, unknown>;
}

/** Calls to one server. */
export interface Client {
  call(path: string, token: string | undefined, init?: RequestInit): Promise<Answer>;
  get(key: string, token: string): Promise<Answer>;
  put(key: string, token: string, body: string | Buffer, type?: string): Promise<Answer>;
  remove(key: string, token: string, init?: RequestInit): Promise<Answer>;
  /** A POST of JSON; what is no text is written as JSON. */
  post(path: string, token: string, body: unknown): Promise<Answer>;
}

/** A client of the server that `open` gives at the time of a call. */
export function createClient(open: () => Api): Client {
  const pathOf = (key: string) => `/infra/kv/${encodeURIComponent(key)}`;

  async function call(path: string, token: string | undefined, init: RequestInit = {}): Promise<Answer> {
    const headers = new Headers(init.headers);
    if (token !== undefined) headers.set('authorization', `Bearer ${token}`);
    const response = await fetch(open().url + path, { ...init, headers });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, json: JSON.parse(text) };
  }

  return {
    call,
    get: (key, token) => call(pathOf(key), token),
    put: (key, token, body, type = 'application/json') =>
      call(pathOf(key), token, { method: 'PUT', body: body as string, headers: { 'content-type': type } }),
    remove: (key, token, init) => call(pathOf(key), token, { method: 'DELETE', ...init }),
    post: (path, token, body) =>
      call(path, token, {
        method: 'POST',
        body: typeof body === 'string' ? body : JSON.stringify(body),
        headers: { 'content-type': 'application/json' },
      }),
  };
}

/** Asserts that an answer is that error, in the shape that all errors have. */
export function isProblem(answer: Answer, status: number, code: string, detail?: RegExp): void {
  assert.equal(answer.status, status, answer.text);
  assert.equal(answer.headers.get('content-type'), 'application/problem+json');
  const { json } = answer;
  assert.deepEqual(Object.keys(json), ['type', 'title', 'status', 'detail', 'code', 'message', 'request_id']);
  assert.equal(json.code, code);
  assert.equal(json.status, status);
  assert.equal(json.message, json.detail);
  assert.equal(json.request_id, answer.headers.get('x-request-id'));
  assert.ok(String(json.type).endsWith(code));
  if (detail) assert.match(String(json.detail), detail);
}
