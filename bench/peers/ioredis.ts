// The least that a gateway in Node does: node:http and ioredis, no authentication, no checks, values as they come.
// `GET /{key}` and `PUT /{key}`; arguments: port, host and port of Redis.
import { createServer } from 'node:http';
import { Redis } from 'ioredis';

const [port, redisHost = '', redisPort] = process.argv.slice(2);
const redis = new Redis({ host: redisHost, port: Number(redisPort), enableAutoPipelining: true });

createServer(async (request, response) => {
  const key = request.url?.slice(1) ?? '';
  if (request.method === 'GET') {
    const value = await redis.getBuffer(key);
    if (!value) return response.writeHead(404).end();
    return response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': value.length }).end(value);
  }
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  await redis.set(key, Buffer.concat(chunks));
  return response.writeHead(204).end();
}).listen(Number(port), '127.0.0.1');
