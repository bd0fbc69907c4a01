import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { startApiServer } from '../../../cluster/test-apiserver.ts';
import { startControllers } from '../../../cluster/test-controllers.ts';
import { connect } from '../../../kube/config.ts';
import type { KubeObject } from '../../../kube/object.ts';
import { configMaps, namespaces, persistentVolumeClaims, pods, statefulSets } from '../../../kube/resources.ts';
import { createNamespace, until } from '../operator/world.ts';

const server = await startApiServer();
const controllers = await startControllers(server);
const client = connect({ kubeconfig: server.kubeconfig, userAgent: 'test' });
after(async () => {
  client.close();
  await controllers.kill();
  await server.stop();
});

test('a StatefulSet gets its pod and claim, what it owns goes with it, and a namespace is emptied', async () => {
  const namespace = await createNamespace(client, 'controlled');
  const labels = { app: 'a' };
  const set = await client.create<KubeObject>(statefulSets, {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { namespace, name: 'a' },
    spec: {
      serviceName: 'a',
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'a', image: 'a' }] } },
      volumeClaimTemplates: [
        {
          metadata: { name: 'data' },
          spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
        },
      ],
    },
  } as KubeObject);
  const pod = { namespace, name: 'a-0' };
  const claim = { namespace, name: 'data-a-0' };
  const owned = { namespace, name: 'owned' };
  await until('pod', () => client.get(pods, pod));
  await until('claim', () => client.get(persistentVolumeClaims, claim));
  const ownerReferences = [{ apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'a', uid: set.metadata.uid ?? '' }];
  await client.create(configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { ...owned, ownerReferences } });
  await client.delete(statefulSets, { namespace, name: 'a' });
  await until('the pod is gone', async () => !(await client.get(pods, pod)));
  await until('what it owned is gone', async () => !(await client.get(configMaps, owned)));
  assert.ok(await client.get(persistentVolumeClaims, claim), 'a claim outlives its StatefulSet');
  await client.delete(namespaces, { name: namespace });
  await until('the namespace is gone', async () => !(await client.get(namespaces, { name: namespace })));
});
