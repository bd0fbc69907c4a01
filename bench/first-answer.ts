import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeClient } from '../kube/client.ts';
import { connect } from '../kube/config.ts';
import { isAlreadyExists } from '../kube/errors.ts';
import type { KubeObject } from '../kube/object.ts';
import { namespaces, resource, secrets, services, statefulSets } from '../kube/resources.ts';
import { kubeconfig, url } from '../test/e2e/environment.ts';
import { formatSpread, spreadOf } from './spread.ts';

const RUNS = 10;
const NAMESPACE = 'bench-first-answer';
const kvStores = resource('cubby.dev/v1alpha1', 'KVStore', 'kvstores');
const kvTokens = resource('cubby.dev/v1alpha1', 'KVToken', 'kvtokens');

/**
 * Seconds from applying a KVStore and its KVToken to the first 200 of a PUT, alternating with the seconds that a
 * StatefulSet of the same image with a claim takes from its creation to Ready: the part that is not Cubby's.
 */
export async function benchFirstAnswer(): Promise<void> {
  const client = connect({ kubeconfig, userAgent: 'cubby-bench' });
  // One of an earlier run may still be going.
  await until(() =>
    client.create(namespaces, object('v1', 'Namespace', { name: NAMESPACE })).catch((error) => {
      if (isAlreadyExists(error)) return undefined;
      throw error;
    }),
  );
  try {
    const ours: number[] = [];
    const bare: number[] = [];
    for (let run = 0; run < RUNS; run++) {
      bare.push(await bareStatefulSet(client, `bare-${run}`));
      ours.push(await firstAnswer(client, `ours-${run}`));
      console.log(
        `run ${run + 1} of ${RUNS}: bare ${bare.at(-1)?.toFixed(2)} s, first answer ${ours.at(-1)?.toFixed(2)} s`,
      );
    }
    console.log(formatSpread('bare StatefulSet, created to Ready (s)', spreadOf(bare)));
    console.log(formatSpread('KVStore, applied to first 200 (s)', spreadOf(ours)));
    console.log(formatSpread('ratio, run by run', spreadOf(ours.map((seconds, run) => seconds / (bare[run] ?? 1)))));
  } finally {
    await client.delete(namespaces, { name: NAMESPACE });
    client.close();
  }
}

async function firstAnswer(client: KubeClient, name: string): Promise<number> {
  const start = performance.now();
  const store = object('cubby.dev/v1alpha1', 'KVStore', { name, namespace: NAMESPACE });
  await client.create(kvStores, { ...store, spec: { version: '8.0', memory: '32Mi' } });
  const token = object('cubby.dev/v1alpha1', 'KVToken', { name, namespace: NAMESPACE });
  await client.create(kvTokens, { ...token, spec: { type: 'Project', storeRef: { name } } });
  const bearer = await until(async () => {
    const secret = await client.get(secrets, { namespace: NAMESPACE, name });
    const text = (secret?.data as Record<string, string> | undefined)?.token;
    return text && Buffer.from(text, 'base64').toString();
  });
  await until(async () => (await put(bearer)) === 200);
  const seconds = (performance.now() - start) / 1000;
  await client.delete(kvStores, { namespace: NAMESPACE, name });
  return seconds;
}

async function put(bearer: string): Promise<number> {
  const response = await fetch(`${url}/infra/kv/first`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
    body: '{"value":1}',
  });
  await response.arrayBuffer();
  return response.status;
}

async function bareStatefulSet(client: KubeClient, name: string): Promise<number> {
  const labels = { app: name };
  const start = performance.now();
  await client.create(services, {
    ...object('v1', 'Service', { name, namespace: NAMESPACE }),
    spec: { clusterIP: 'None', selector: labels, ports: [{ port: 6379 }] },
  });
  await client.create(statefulSets, {
    ...object('apps/v1', 'StatefulSet', { name, namespace: NAMESPACE }),
    spec: {
      serviceName: name,
      replicas: 1,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          securityContext: { runAsUser: 999, fsGroup: 999 },
          containers: [
            {
              name: 'redis',
              image: 'docker.io/library/redis:8.0',
              command: ['redis-server', '--appendonly', 'yes', '--dir', '/data'],
              readinessProbe: { exec: { command: ['redis-cli', 'ping'] }, periodSeconds: 1 },
              volumeMounts: [{ name: 'data', mountPath: '/data' }],
            },
          ],
        },
      },
      volumeClaimTemplates: [
        {
          metadata: { name: 'data' },
          spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
        },
      ],
    },
  });
  await until(async () => {
    const set = await client.get<KubeObject & { status?: { readyReplicas?: number } }>(statefulSets, {
      namespace: NAMESPACE,
      name,
    });
    return set?.status?.readyReplicas === 1;
  });
  const seconds = (performance.now() - start) / 1000;
  await client.delete(statefulSets, { namespace: NAMESPACE, name });
  return seconds;
}

function object(apiVersion: string, kind: string, metadata: { name: string; namespace?: string }): KubeObject {
  return { apiVersion, kind, metadata };
}

async function until<T>(check: () => Promise<T | undefined | false>): Promise<T> {
  const deadline = performance.now() + 120_000;
  while (performance.now() < deadline) {
    const value = await check();
    if (value) return value;
    await sleep(20);
  }
  throw new Error('not within two minutes; look at: kubectl get events -n bench-first-answer');
}
