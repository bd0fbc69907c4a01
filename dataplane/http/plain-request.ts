import type { IncomingHttpHeaders } from 'node:http';

/** A request of the plain shape; see parsePlain. */
export interface PlainRequest {
  method: string;
  target: string;
  headers: IncomingHttpHeaders;
  /** Bytes of the body, undefined where there is none. */
  body: Buffer | undefined;
}

/** The header part of a request and what it said; clients repeat theirs to the byte, so the last one is kept. */
export interface HeaderBlock {
  text: string;
  headers: IncomingHttpHeaders;
  contentLength: number;
}

const METHODS: ReadonlySet<string> = new Set(['GET', 'PUT', 'POST', 'DELETE', 'PATCH']);
/** Origin form in visible ASCII. */
const TARGET = /^\/[\x21-\x7e]*$/;
const HEADER = /^([A-Za-z0-9_-]+):[ \t]*([\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?)$/;
/** What decides where a message ends or what becomes of the connection is left to Node's parser, all but the usual. */
const NOT_PLAIN: ReadonlySet<string> = new Set([
  'transfer-encoding',
  'expect',
  'upgrade',
  'trailer',
  'te',
  'keep-alive',
  'proxy-connection',
  '__proto__',
]);
const MOST_HEADER_BYTES = 8_192;
const END_OF_HEAD = '\r\n\r\n';

/**
 * Reads a request of the plain shape: HTTP/1.1, complete and alone in these bytes, one Host, no header twice, none that
 * frames the message but a decimal Content-Length, ASCII throughout. Undefined for everything else: that says nothing of
 * whether it is valid, which Node's parser is to judge. `last` is the block of the request before, for comparison.
 */
export function parsePlain(
  bytes: Buffer,
  last: HeaderBlock | undefined,
): { request: PlainRequest; block: HeaderBlock } | undefined {
  const text = bytes.toString('latin1', 0, Math.min(bytes.length, MOST_HEADER_BYTES));
  const headEnd = text.indexOf(END_OF_HEAD);
  const lineEnd = text.indexOf('\r\n');
  if (headEnd <= lineEnd) return undefined;
  const methodEnd = text.indexOf(' ');
  const method = text.slice(0, methodEnd);
  if (!METHODS.has(method) || !text.endsWith(' HTTP/1.1', lineEnd) || lineEnd < 9) return undefined;
  const target = text.slice(methodEnd + 1, lineEnd - 9);
  if (!TARGET.test(target)) return undefined;
  const blockText = text.slice(lineEnd + 2, headEnd);
  const block = last?.text === blockText ? last : parseBlock(blockText);
  if (!block) return undefined;
  const bodyAt = headEnd + END_OF_HEAD.length;
  if (bytes.length - bodyAt !== block.contentLength) return undefined;
  // Node tells a GET with a body no differently; only what is plain needs to be plain here.
  if (block.contentLength > 0 && method === 'GET') return undefined;
  const body = block.contentLength > 0 ? bytes.subarray(bodyAt) : undefined;
  return { request: { method, target, headers: block.headers, body }, block };
}

function parseBlock(text: string): HeaderBlock | undefined {
  const headers: Record<string, string> = {};
  for (const line of text.split('\r\n')) {
    const parts = HEADER.exec(line);
    if (!parts) return undefined;
    const name = (parts[1] as string).toLowerCase();
    if (NOT_PLAIN.has(name) || Object.hasOwn(headers, name)) return undefined;
    headers[name] = parts[2] as string;
  }
  const { host, connection, 'content-length': length } = headers;
  if (host === undefined) return undefined;
  if (connection !== undefined && connection.toLowerCase() !== 'keep-alive') return undefined;
  if (length !== undefined && !/^(?:0|[1-9][0-9]{0,8})$/.test(length)) return undefined;
  return { text, headers, contentLength: Number(length ?? 0) };
}
