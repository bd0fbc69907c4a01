/** The TypeScript of the two public documents, as they print it. */

export const getValue = `const entry = await ss.infra.kv.get('session:u_123')
// entry.value, entry.expires_at`;

export const setValue = `await ss.infra.kv.set('session:u_123', { userId: 'u_123', role: 'admin' }, { ttl: 86400 })`;

export const incrementValue = `// Rate limit: max 100 req/min
const { value } = await ss.infra.kv.increment(\`ratelimit:\${userId}\`, { ttl: 60 })
if (value > 100) return new Response('Rate limited', { status: 429 })`;

export const scanKeys = `const result = await ss.infra.kv.scan({ prefix: 'session:', limit: 50 })
// result.keys, result.next_cursor`;

export const batchOperations = `const results = await ss.infra.kv.batch([
{ op: 'get', key: 'config:flags' },
{ op: 'set', key: 'session:new', value: { userId: 'u_456' }, ttl: 3600 },
{ op: 'delete', key: 'session:old' },
])`;

export const kvClient = `import { createKVClient } from '@temps-sdk/kv';
const kv = createKVClient({
baseUrl: 'https://your-temps-instance.com',
token: process.env.TEMPS_DEPLOYMENT_TOKEN,
});
// Set a value with 1 hour TTL
await kv.set('user:123', { name: 'Alice', role: 'admin' }, { ex: 3600 });
// Get a value
const user = await kv.get('user:123');
console.log(user); // { name: 'Alice', role: 'admin' }
// Increment a counter
const views = await kv.incr('page:views');
// Delete a key
await kv.del(['user:123']);
// List keys matching a pattern
const sessions = await kv.keys('session:*');`;
