import { type Server, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Budget } from '../pipeline/admission.ts';
import type { Request } from '../pipeline/call.ts';
import { ApiError } from '../pipeline/errors.ts';
import type { Reply, Serve } from '../pipeline/serve.ts';
import { type HeaderBlock, type PlainRequest, parsePlain } from './plain-request.ts';

/** The front of a server; `closeIdle` ends its connections that wait for a request, as server.closeIdleConnections does. */
export interface Front {
  closeIdle(): void;
}

/**
 * Answers plain requests straight from the socket, at half the cost of Node's HTTP objects. A connection is Node's for
 * good from the first bytes on that are not exactly one plain request: partial, pipelined ahead, chunked, odd or broken.
 * Those bytes are handed on untouched, so that all but the plain shape has one judge.
 */
export function putInFront(server: Server, serve: Serve, budget: Budget): Front {
  const idle = new Set<Socket>();
  const [handOn] = server.listeners('connection') as ((socket: Socket) => void)[];
  server.removeAllListeners('connection');
  server.on('connection', (socket: Socket) => {
    attend(socket, serve, budget, idle, server.keepAliveTimeout, () => handOn?.call(server, socket));
  });
  return {
    closeIdle() {
      for (const socket of idle) socket.destroy();
    },
  };
}

/** Serves one connection until it closes or is handed on. */
function attend(
  socket: Socket,
  serve: Serve,
  budget: Budget,
  idle: Set<Socket>,
  idleMs: number,
  handOn: () => void,
): void {
  let block: HeaderBlock | undefined;
  let busy = false;
  /** What came while a request was being answered. */
  let ahead: Buffer | undefined;
  /** The client sends no more; it may still read. */
  let ended = false;

  const onData = (bytes: Buffer): void => {
    if (busy) {
      // No more is read until the answer has left.
      ahead = ahead ? Buffer.concat([ahead, bytes]) : bytes;
      socket.pause();
      return;
    }
    const plain = parsePlain(bytes, block);
    if (!plain) {
      giveAway(bytes);
      return;
    }
    block = plain.block;
    busy = true;
    idle.delete(socket);
    void answer(plain.request);
  };

  async function answer(plain: PlainRequest): Promise<void> {
    const held: [bytes: number, tenant: string | undefined][] = [];
    const reply = await serve(requestOf(plain, budget, held));
    const last = (ended && !ahead) || reply.headers.Connection === 'close';
    if (!socket.destroyed) write(socket, reply, last ? 'close' : 'keep-alive', idleMs);
    const finish = () => {
      for (const [bytes, tenant] of held) budget.hold(-bytes, tenant);
      reply.done(!socket.destroyed);
      if (socket.destroyed) return;
      if (last) return void socket.destroySoon();
      busy = false;
      idle.add(socket);
      if (!ahead) return;
      const bytes = ahead;
      ahead = undefined;
      socket.resume();
      onData(bytes);
    };
    if (socket.destroyed || socket.writableLength === 0) return finish();
    const once = () => {
      socket.off('drain', once).off('close', once);
      finish();
    };
    socket.on('drain', once).on('close', once);
  }

  function giveAway(bytes: Buffer): void {
    socket.pause();
    stop();
    socket.setTimeout(0);
    socket.unshift(bytes);
    handOn();
    socket.resume();
  }

  const onEnd = () => {
    ended = true;
    if (!busy) socket.destroySoon();
  };
  const onTimeout = () => socket.destroy();
  const onError = () => socket.destroy();
  const onClose = () => stop();
  const stop = () => {
    idle.delete(socket);
    socket.off('data', onData).off('end', onEnd).off('timeout', onTimeout).off('error', onError).off('close', onClose);
  };
  socket.setNoDelay(true);
  socket.setTimeout(idleMs);
  socket.on('data', onData).on('end', onEnd).on('timeout', onTimeout).on('error', onError).on('close', onClose);
  idle.add(socket);
}

function requestOf(plain: PlainRequest, budget: Budget, held: [number, string | undefined][]): Request {
  const { method, target: url, headers, body } = plain;
  const hold = (bytes: number, tenant?: string) => {
    held.push([bytes, tenant]);
    budget.hold(bytes, tenant);
  };
  return {
    method,
    url,
    headers,
    hold,
    readBody(mostBytes, tenant) {
      if (!body) return Buffer.alloc(0);
      if (body.length > mostBytes) {
        throw new ApiError('payload_too_large', `the body has more than ${mostBytes} bytes; store less under one key`);
      }
      hold(body.length, tenant);
      budget.check(tenant);
      return body;
    },
  };
}

/** A body up to so many bytes is copied behind its head, which costs less than a second buffer in the write. */
const COPIED_BYTES = 16_384;

function write(socket: Socket, { status, headers, body }: Reply, connection: string, idleMs: number): void {
  let head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n`;
  for (const name in headers) if (name !== 'Connection') head += `${name}: ${headers[name]}\r\n`;
  const length = typeof body === 'string' ? Buffer.byteLength(body) : body.length;
  head += `Content-Length: ${length}\r\nDate: ${date()}\r\nConnection: ${connection}\r\n`;
  if (connection === 'keep-alive') head += `Keep-Alive: timeout=${Math.floor(idleMs / 1000)}\r\n`;
  head += '\r\n';
  if (length > COPIED_BYTES) {
    socket.cork();
    socket.write(head, 'latin1');
    socket.write(body);
    socket.uncork();
    return;
  }
  const bytes = Buffer.allocUnsafe(head.length + length);
  bytes.latin1Write(head, 0);
  if (typeof body === 'string') bytes.utf8Write(body, head.length);
  else bytes.set(body, head.length);
  socket.write(bytes);
}

let dateText = '';
let dateSecond = 0;

/** The Date header, made anew each second. */
function date(): string {
  const second = Math.floor(Date.now() / 1000);
  if (second !== dateSecond) {
    dateSecond = second;
    dateText = new Date(second * 1000).toUTCString();
  }
  return dateText;
}
