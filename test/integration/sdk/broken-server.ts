import { createServer, type Server, type Socket } from 'node:net';

/** What the server does with a request, at the point where it breaks. */
export type Fate =
  /** Ends the connection when the first bytes of the request are there. */
  | 'reset'
  /** Takes the whole request, and ends the connection without an answer. */
  | 'no-reply'
  /** Ends the connection in the middle of the answer. */
  | 'half-reply'
  /** Takes the whole request and says nothing. */
  | 'silence'
  /** Answers, with that status, these headers and that body. */
  | { status: number; headers?: Record<string, string>; body: unknown };

/** A server on a port of 127.0.0.1 that breaks as it is told. */
export interface BrokenServer {
  url: string;
  /** The request lines that arrived whole. */
  requests: string[];
  /** How many requests had begun to arrive. */
  begun(): number;
  connections(): number;
  /** What is to happen to the next requests, one each; after that, the last one again. */
  fates: Fate[];
  close(): Promise<void>;
}

/** Starts it. Requests have a Content-Length or no body, as fetch sends them. */
export async function startBrokenServer(): Promise<BrokenServer> {
  const sockets = new Set<Socket>();
  let begun = 0;
  let connections = 0;
  const broken: Omit<BrokenServer, 'url'> = {
    requests: [],
    fates: [],
    begun: () => begun,
    connections: () => connections,
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
  const server: Server = createServer((socket) => {
    connections++;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => {});
    let text = '';
    let fate: Fate | undefined;
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      if (fate === undefined) {
        begun++;
        fate = broken.fates.length > 1 ? broken.fates.shift() : broken.fates[0];
        if (fate === 'reset') return socket.resetAndDestroy();
      }
      const head = text.indexOf('\r\n\r\n');
      const length = Number(/content-length: *(\d+)/i.exec(text)?.[1] ?? 0);
      if (head < 0 || text.length < head + 4 + length) return;
      broken.requests.push(text.slice(0, text.indexOf(' HTTP/')));
      answer(socket, fate ?? 'no-reply');
      [text, fate] = ['', undefined];
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return Object.assign(broken, { url: `http://127.0.0.1:${port}` });
}

function answer(socket: Socket, fate: Fate): void {
  if (fate === 'silence') return;
  if (fate === 'no-reply' || fate === 'reset') return void socket.destroy();
  if (fate === 'half-reply') {
    socket.write('HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"key":', () =>
      setTimeout(() => socket.destroy(), 10),
    );
    return;
  }
  const body = typeof fate.body === 'string' ? fate.body : JSON.stringify(fate.body);
  const headers = { 'Content-Length': String(Buffer.byteLength(body)), Connection: 'close', ...fate.headers };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`HTTP/1.1 ${fate.status} Told\r\n${lines.join('')}\r\n${body}`);
  if (headers.Connection === 'close') socket.end();
}
