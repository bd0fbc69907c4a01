// The least that handing on a large value costs in Node: node:http, and the bytes of Redis' reply written on as they
// come, never parsed or put together. `GET /{key}`; arguments: port, host and port of Redis, bytes of every value.
import { createServer } from 'node:http';
import { connect, type Socket } from 'node:net';

const [port, redisHost = '', redisPort, bytes] = process.argv.slice(2);
const length = Number(bytes);
const head = Buffer.byteLength(`$${length}\r\n`);
const idle: Socket[] = [];

createServer((request, response) => {
  const redis = idle.pop() ?? connect({ host: redisHost, port: Number(redisPort), noDelay: true });
  let at = 0;
  response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': length });
  redis.on('data', (chunk: Buffer) => {
    const body = chunk.subarray(Math.max(0, head - at), head + length - at);
    at += chunk.length;
    if (body.length > 0) response.write(body);
    if (at < head + length + 2) return;
    redis.removeAllListeners('data');
    idle.push(redis);
    response.end();
  });
  redis.write(`GET ${request.url?.slice(1)}\r\n`);
}).listen(Number(port), '127.0.0.1');
