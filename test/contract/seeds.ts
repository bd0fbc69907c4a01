/** A command as the public documents print it, which works against Cubby with only host and token replaced. */
export interface Snippet {
  name: string;
  command: string;
  /** The token that the document uses there. */
  token: string;
}

/** Hosts that the documents name. */
export const HOSTS = ['https://api.saasignal.saastemly.com', 'https://your-temps-instance.com'] as const;

const infra = (name: string, command: string): Snippet => ({ name, command, token: 'sk_live_...' });
const deployment = (name: string, command: string): Snippet => ({ name, command, token: 'dt_your_deployment_token' });

export const putValue = infra(
  'Set Value',
  `curl -X PUT https://api.saasignal.saastemly.com/infra/kv/{key} \\
-H "Authorization: Bearer sk_live_..." \\
-H "Content-Type: application/json" \\
-d '{"value":{"example":"data"}}'`,
);

export const getValue = infra(
  'Get Value',
  `curl https://api.saasignal.saastemly.com/infra/kv/{key} \\
-H "Authorization: Bearer sk_live_..."`,
);

export const deleteKey = infra(
  'Delete Key',
  `curl -X DELETE https://api.saasignal.saastemly.com/infra/kv/{key} \\
-H "Authorization: Bearer sk_live_..."`,
);

export const incrementValue = infra(
  'Increment Value',
  `curl -X POST https://api.saasignal.saastemly.com/infra/kv/{key}/increment \\
-H "Authorization: Bearer sk_live_..." \\
-H "Content-Type: application/json" \\
-d '{}'`,
);

export const scanKeys = infra(
  'Scan Keys',
  `curl https://api.saasignal.saastemly.com/infra/kv \\
-H "Authorization: Bearer sk_live_..."`,
);

export const batchOperations = infra(
  'Batch Operations',
  `curl -X POST https://api.saasignal.saastemly.com/infra/kv \\
-H "Authorization: Bearer sk_live_..." \\
-H "Content-Type: application/json" \\
-d '{"ops":[]}'`,
);

export const enable: Snippet = {
  name: 'Enabling KV Storage',
  token: 'tk_your_api_key',
  command: `curl -X POST https://your-temps-instance.com/api/kv/enable \\
-H "Authorization: Bearer tk_your_api_key" \\
-H "Content-Type: application/json" \\
-d '{"persistence": true}'`,
};

const post = (name: string, path: string, body: string): Snippet =>
  deployment(
    name,
    `curl -X POST https://your-temps-instance.com/api/kv/${path} \\
-H "Authorization: Bearer dt_your_deployment_token" \\
-H "Content-Type: application/json" \\
-d '${body}'`,
  );

export const kvGet = post('Get a Value', 'get', '{"key": "user:123:session"}');
export const kvSet = post('Set a Value', 'set', '{"key": "user:123:session", "value": {"role": "admin"}, "ex": 3600}');
export const kvDel = post('Delete Keys', 'del', '{"keys": ["user:123:session", "user:123:cache"]}');
export const kvIncr = post('Increment', 'incr', '{"key": "page:views:homepage", "amount": 1}');
export const kvExpire = post('Set Expiration', 'expire', '{"key": "user:123:session", "seconds": 1800}');
export const kvTtl = post('Get TTL', 'ttl', '{"key": "user:123:session"}');
export const kvKeys = post('List Keys', 'keys', '{"pattern": "user:*:session"}');
