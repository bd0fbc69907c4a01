import assert from 'node:assert/strict';
import type { TestApiServer } from '../../../cluster/test-apiserver.ts';
import type { Condition } from '../../../contract/objects.ts';
import type { KubeClient } from '../../../kube/client.ts';
import type { ObjectKey } from '../../../kube/object.ts';
import type { Resource } from '../../../kube/resources.ts';
import { startCluster } from '../operator/world.ts';
import { type Outcome, runCubby } from './cubby.ts';

/** An API server with the CRDs and without an operator, and cubby on it. */
export interface CliCluster {
  server: TestApiServer;
  client: KubeClient;
  /** What leads cubby to it. */
  env: { KUBECONFIG: string };
  cubby(...args: string[]): Promise<Outcome>;
  /** What a run that succeeds prints in JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look at fields of answers of every kind
  json(...args: string[]): Promise<any>;
  /** Merges into the status of an object, as the operator would; resolves with the object. */
  report<T>(kind: Resource, key: ObjectKey, status: object): Promise<T>;
}

/** Starts it; it ends with the tests of the file. */
export async function startCliCluster(): Promise<CliCluster> {
  const { server, client } = await startCluster();
  const env = { KUBECONFIG: server.kubeconfig };
  const cubby = (...args: string[]) => runCubby(args, { env });
  return {
    server,
    client,
    env,
    cubby,
    async json(...args) {
      const { code, stdout, stderr } = await cubby(...args, '-o', 'json');
      assert.equal(code, 0, stderr);
      return JSON.parse(stdout);
    },
    report: <T>(kind: Resource, key: ObjectKey, status: object) =>
      client.patch(kind, key, { status }, { type: 'merge', subresource: 'status' }) as Promise<T>,
  };
}

/** A condition that was written just now. */
export const condition = (type: string, status: Condition['status'], reason: string, message: string) => ({
  conditions: [{ type, status, reason, message, lastTransitionTime: new Date().toISOString() }],
});

/** Where the stores of these tests say that their backups go. */
export const backup = { target: { volume: { claimName: 'backups', path: 'daily' } } };
