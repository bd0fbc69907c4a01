import type { TestContext } from 'node:test';
import { apply, eventually, kubectl, type Manifest, read } from './cluster.ts';
import { url } from './environment.ts';

/** What the data plane answered. `body` is the JSON of the text, or undefined where it is not JSON. */
export interface Answer {
  status: number;
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look at fields of every answer
  body: any;
}

/** A namespace of its own for one test, deleted when the test ends. */
export interface Tenant {
  namespace: string;
  /** Sends a request with the token of this tenant. */
  request(method: string, path: string, body?: unknown): Promise<Answer>;
}

/** A KVStore named `main` as it would stand in a manifest, small enough for many on one node. */
export function store(namespace: string, spec: Record<string, unknown> = {}, name = 'main'): Manifest {
  return {
    apiVersion: 'cubby.dev/v1alpha1',
    kind: 'KVStore',
    metadata: { name, namespace },
    spec: { version: '7.0', memory: '32Mi', ...spec },
  };
}

/** A KVToken named `web` for the store `main`, as it would stand in a manifest. */
export function token(namespace: string, spec: Record<string, unknown> = {}, name = 'web'): Manifest {
  return {
    apiVersion: 'cubby.dev/v1alpha1',
    kind: 'KVToken',
    metadata: { name, namespace },
    spec: { type: 'Project', storeRef: { name: 'main' }, ...spec },
  };
}

/** Makes an empty namespace that enforces Pod Security `restricted`, deleted when the test ends. */
export async function createNamespace(test: Pick<TestContext, 'after'>, namespace: string): Promise<void> {
  await eventually(`the end of an earlier ${namespace}`, 60, async () => {
    const earlier = await read('namespace', 'default', namespace);
    return earlier?.status.phase !== 'Terminating' || undefined;
  });
  await apply({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      name: namespace,
      labels: { 'pod-security.kubernetes.io/enforce': 'restricted' },
    } as Manifest['metadata'],
  });
  test.after(() => kubectl('delete', 'namespace', namespace, '--wait=false', '--ignore-not-found'));
}

/** Makes a namespace with a store and a token, and waits until the store answers. */
export async function createTenant(
  test: Pick<TestContext, 'after'>,
  namespace: string,
  spec: Record<string, unknown> = {},
): Promise<Tenant> {
  await createNamespace(test, namespace);
  await apply(store(namespace, spec), token(namespace));
  const bearer = await tokenOf(namespace, 'web');
  const tenant: Tenant = { namespace, request: (method, path, body) => request(bearer, method, path, body) };
  await answering(tenant);
  return tenant;
}

/** The text of a token, from the Secret that the operator writes. */
export async function tokenOf(namespace: string, secret: string, seconds = 30): Promise<string> {
  return eventually(`the token in Secret ${namespace}/${secret}`, seconds, async () => {
    const data = (await read('secret', namespace, secret))?.data?.token as string | undefined;
    return data && Buffer.from(data, 'base64').toString();
  });
}

/** Waits until a tenant's store answers a read, and returns after how many milliseconds it did. */
export async function answering(tenant: Tenant, seconds = 60): Promise<number> {
  const start = performance.now();
  await eventually(`an answer from the store of ${tenant.namespace}`, seconds, async () => {
    const { status } = await tenant.request('GET', '/infra/kv/probe');
    return status === 404 || status === 200 || undefined;
  });
  return performance.now() - start;
}

/** Sends one request to the data plane. */
export function request(bearer: string, method: string, path: string, body?: unknown): Promise<Answer> {
  return requestAt(url, bearer, method, path, body);
}

/** Sends one request to the data plane at `base`. */
export async function requestAt(
  base: string,
  bearer: string,
  method: string,
  path: string,
  body?: unknown,
): Promise<Answer> {
  const response = await fetch(base + path, {
    method,
    headers: {
      authorization: `Bearer ${bearer}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    signal: AbortSignal.timeout(10_000),
  });
  const text = await response.text();
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    parsed = undefined;
  }
  return { status: response.status, text, body: parsed };
}
