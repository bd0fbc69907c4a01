import assert from 'node:assert/strict';
import { Agent, request } from 'node:http';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { kubectl } from './cluster.ts';
import { url } from './environment.ts';
import { createTenant, tokenOf } from './tenant.ts';

const NAMESPACE = 'e2e-rollout';
/** Each of the two loads sends one request in so many ms: 100 requests a second in all. */
const PAUSE_MS = 20;
// kubectl port-forward, which leads to a cluster that is named, breaks off with the pod that it chose.
const skip = process.env.CUBBY_KUBECONFIG ? 'needs a way into the cluster that outlives a pod' : false;

test('while the data plane is rolled no request fails, on kept connections or on new ones', { skip }, async (t) => {
  await createTenant(t, NAMESPACE);
  const token = await tokenOf(NAMESPACE, 'web');
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };

  function send(agent: Agent, method: string, path: string, body?: string): Promise<number> {
    return new Promise((resolve, reject) => {
      const sent = request(url + path, { agent, method, headers, timeout: 10_000 }, (response) => {
        response
          .resume()
          .on('end', () => resolve(response.statusCode ?? 0))
          .on('error', reject);
      });
      sent.on('error', reject).on('timeout', () => sent.destroy(new Error('no answer in 10 s')));
      sent.end(body);
    });
  }

  function load(agent: Agent, work: (n: number) => Promise<number>) {
    const outcomes: Record<string, number> = {};
    const running = new Set<Promise<void>>();
    let n = 0;
    const note = (outcome: string | number) => {
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    };
    const timer = setInterval(() => {
      const one = work(n++).then(note, (error: Error) => note(error.message));
      running.add(one);
      void one.finally(() => running.delete(one));
    }, PAUSE_MS);
    return async () => {
      clearInterval(timer);
      await Promise.all(running);
      agent.destroy();
      return outcomes;
    };
  }

  const [kept, fresh] = [new Agent({ keepAlive: true, maxSockets: 8 }), new Agent()];
  assert.equal(await send(fresh, 'PUT', '/infra/kv/read', '{"value":1}'), 200);
  const ends = [
    load(kept, (n) => send(kept, 'PUT', `/infra/kv/k${n % 100}`, `{"value":${n}}`)),
    load(fresh, () => send(fresh, 'GET', '/infra/kv/read')),
  ];
  await sleep(1000);
  await kubectl('rollout', 'restart', 'deployment/cubby-dataplane', '-n', 'cubby-system');
  await kubectl('rollout', 'status', 'deployment/cubby-dataplane', '-n', 'cubby-system', '--timeout=180s');
  // The last pod of the old ones drains on.
  await sleep(15_000);
  for (const outcomes of await Promise.all(ends.map((end) => end()))) {
    t.diagnostic(JSON.stringify(outcomes));
    assert.deepEqual(Object.keys(outcomes), ['200']);
    assert.ok((outcomes['200'] ?? 0) > 500, 'enough requests to tell');
  }
});
