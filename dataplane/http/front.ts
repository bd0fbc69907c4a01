import { type Server, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Budget } from '../pipeline/admission.ts';
import type { Request } from '../pipeline/call.ts';
import type { Reply, Serve } from '../pipeline/serve.ts';
import { tooLarge } from './body.ts';
import { createHeld, type Held } from './held.ts';
import { type HeaderBlock, type PlainRequest, parsePlain } from './plain-request.ts';

/** The front of a server, for its end: server.close knows nothing of the connections that are not handed on. */
export interface Front {
  /** Ends its connections that wait for a request, and each other one with its answer. */
  closeIdle(): void;
  /** Ends all of its connections, answered or not. */
  closeAll(): void;
}

/** A connection while it is the front's. */
interface Attended {
  socket: Socket;
  /** A request of it is being answered. */
  busy: boolean;
}

/**
 * Answers plain requests straight from the socket, at half the cost of Node's HTTP objects. A connection is Node's for
 * good from the first bytes on that are not exactly one plain request: partial, pipelined ahead, chunked, odd or broken.
 * Those bytes are handed on untouched, so that all but the plain shape has one judge.
 */
export function putInFront(server: Server, serve: Serve, budget: Budget): Front {
  const attended = new Set<Attended>();
  const state = { closing: false };
  const [handOn] = server.listeners('connection') as ((socket: Socket) => void)[];
  server.removeAllListeners('connection');
  server.on('connection', (socket: Socket) => {
    attend(socket, { server, serve, budget, attended, state, handOn: () => handOn?.call(server, socket) });
  });
  return {
    closeIdle() {
      state.closing = true;
      for (const { socket, busy } of attended) if (!busy) socket.destroy();
    },
    closeAll() {
      state.closing = true;
      for (const { socket } of attended) socket.destroy();
    },
  };
}

interface Surroundings {
  server: Server;
  serve: Serve;
  budget: Budget;
  attended: Set<Attended>;
  state: { closing: boolean };
  handOn: () => void;
}

/** Serves one connection until it closes or is handed on. */
function attend(socket: Socket, { server, serve, budget, attended, state, handOn }: Surroundings): void {
  const connection: Attended = { socket, busy: false };
  let block: HeaderBlock | undefined;
  /** What came while a request was being answered. */
  let ahead: Buffer | undefined;

  const onData = (bytes: Buffer): void => {
    if (connection.busy) {
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
    if (!block) socket.setTimeout(server.keepAliveTimeout + GRACE_MS);
    block = plain.block;
    connection.busy = true;
    const held = createHeld(budget);
    const reply = serve(requestOf(plain.request, socket, budget, held));
    if (reply instanceof Promise) void reply.then((late) => send(late, held));
    else sendLater(() => send(reply, held));
  };

  function send(reply: Reply, held: Held): void {
    const last = state.closing || reply.headers.Connection === 'close';
    const left = (error?: Error | null) => {
      held.release();
      reply.done(!error);
      if (!error) goOn(last);
    };
    if (!socket.writable) {
      left(new Error('the client has gone'));
      return;
    }
    write(socket, reply, last ? 'close' : 'keep-alive', server.keepAliveTimeout);
    if (socket.writableLength === 0) left();
    // The client reads slowly. Streams promise `drain` past a mark only; a write ends when all those before it have.
    else socket.write(NOTHING, left);
  }

  function goOn(last: boolean): void {
    if (last || state.closing) return void socket.destroySoon();
    connection.busy = false;
    if (!ahead) return;
    const bytes = ahead;
    ahead = undefined;
    socket.resume();
    onData(bytes);
  }

  function giveAway(bytes: Buffer): void {
    socket.pause();
    stop();
    socket.setTimeout(0);
    socket.unshift(bytes);
    handOn();
    socket.resume();
  }

  // As Node has it: a client that ends its side has gone, and an answer that is not ready by then is not sent.
  const onEnd = () => socket.destroySoon();
  const onTimeout = () => socket.destroy();
  // Without a listener the error would end the process; `close` follows it.
  const onError = () => {};
  const onClose = () => stop();
  const stop = () => {
    attended.delete(connection);
    Reflect.deleteProperty(socket, 'push');
    socket.off('data', onData).off('end', onEnd).off('timeout', onTimeout).off('error', onError).off('close', onClose);
  };
  socket.setNoDelay(true);
  // The first request has to begin as soon as Node would have it begin, the next ones while the connection is kept.
  socket.setTimeout(server.headersTimeout);
  socket.on('data', onData).on('end', onEnd).on('timeout', onTimeout).on('error', onError).on('close', onClose);
  // What is read need not pass through the stream's buffer, after which it looks for more in a turn of its own.
  const { push } = socket;
  socket.push = (chunk: Buffer | null) => {
    if (chunk === null || connection.busy || socket.readableLength > 0) return push.call(socket, chunk);
    onData(chunk);
    return true;
  };
  attended.add(connection);
}

const due: (() => void)[] = [];

/**
 * Answers that are there at once leave together, when all requests of this turn have been read, as those do that waited
 * for one reply of Redis: while answers come one after the other their reader stays awake, and to wake it costs the
 * sender more than the answer.
 */
function sendLater(send: () => void): void {
  if (due.push(send) === 1) setImmediate(sendDue);
}

function sendDue(): void {
  const now = due.splice(0);
  for (const send of now) send();
}

const NOTHING = Buffer.alloc(0);
/** As Node has it: a request that sets out just before the time that clients were told is up finds the connection there. */
const GRACE_MS = 1000;

function requestOf(plain: PlainRequest, socket: Socket, budget: Budget, { hold }: Held): Request {
  const { method, target: url, headers, body } = plain;
  return {
    method,
    url,
    headers,
    remote: () => socket.remoteAddress ?? '',
    hold,
    readBody(mostBytes, tenant) {
      if (!body) return Buffer.alloc(0);
      if (body.length > mostBytes) throw tooLarge(mostBytes);
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
  bytes.write(head, 'latin1');
  if (typeof body === 'string') bytes.write(body, head.length, 'utf8');
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
