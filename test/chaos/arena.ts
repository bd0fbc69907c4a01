import { startApiServer } from '../../cluster/test-apiserver.ts';
import { startControllers } from '../../cluster/test-controllers.ts';
import type { KubeClient } from '../../kube/client.ts';
import { connect } from '../../kube/config.ts';
import type { KubeObject } from '../../kube/object.ts';
import { namespaces, storageClasses } from '../../kube/resources.ts';
import { createNamespace, installCrds } from '../integration/operator/world.ts';
import { type SimulatedNode, startNode } from './node.ts';

/** A cluster for many operators at once: a real API server and its controllers, and one simulated node. */
export interface Arena {
  kubeconfig: string;
  client: KubeClient;
  /** What went wrong on the node, which is a fault of the test. */
  nodeFailures: unknown[];
  /** How often a Redis was started in a namespace. */
  starts(namespace: string): number;
  /** Makes a namespace of that name or, where it is taken, one like it. */
  enter(name: string): Promise<string>;
  /** Deletes a namespace and does not wait for its end. */
  leave(namespace: string): Promise<void>;
  close(): Promise<void>;
}

/** Starts an arena; `close` ends all of it. */
export async function openArena(): Promise<Arena> {
  const server = await startApiServer();
  const client = connect({ kubeconfig: server.kubeconfig, userAgent: 'chaos-arena' });
  await installCrds(client);
  await client.create<KubeObject>(storageClasses, growingClass);
  const controllers = await startControllers(server);
  const nodeFailures: unknown[] = [];
  const node: SimulatedNode = await startNode(client, (error) => nodeFailures.push(error));
  let entered = 0;
  return {
    kubeconfig: server.kubeconfig,
    client,
    nodeFailures,
    starts: node.starts,
    enter: (name) => createNamespace(client, `${name}-${++entered}`),
    async leave(namespace) {
      await client.delete(namespaces, { name: namespace });
    },
    async close() {
      await node.stop();
      client.close();
      await controllers.kill();
      await server.stop();
    },
  };
}

/** The default class of this cluster: its volumes can grow. */
const growingClass = {
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  metadata: { name: 'growing', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
  provisioner: 'simulated',
  allowVolumeExpansion: true,
} as KubeObject;
