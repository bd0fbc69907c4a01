import assert from 'node:assert/strict';
import { test } from 'node:test';
import { audit } from '../../chaos/audit.ts';
import type { Exchange } from '../../chaos/proxy.ts';
import { parseRequest } from '../../chaos/request.ts';

const exchange = (method: string, url: string, status = 200): Exchange => ({
  request: parseRequest(method, url),
  line: `${method} ${url}`,
  status,
  at: 0,
});
const rules = [{ apiGroups: [''], resources: ['pods', 'secrets'], verbs: ['get', 'create', 'patch'] }];

test('what is granted and not used is surplus, and what is used and not granted is lacking', () => {
  const done = [
    exchange('GET', '/api/v1/namespaces/a/pods/b'),
    exchange('PATCH', '/api/v1/namespaces/a/pods/b', 201),
    exchange('GET', '/api/v1/namespaces/a/secrets/b'),
    exchange('PATCH', '/api/v1/namespaces/a/secrets/b'),
    exchange('DELETE', '/api/v1/namespaces/a/pods/b', 403),
    exchange('GET', '/healthz'),
  ];
  assert.deepEqual(audit(rules, done), { surplus: ['/secrets create'], lacking: ['/pods delete'] });
});
