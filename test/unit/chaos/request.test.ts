import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRequest, scopeTo } from '../../chaos/request.ts';

const brief = (method: string, url: string) => {
  const request = parseRequest(method, url);
  return (
    request && `${request.verb} ${request.group}/${request.resource} ${request.namespace ?? '-'}/${request.name ?? '-'}`
  );
};

test('a request is named in the words of RBAC', () => {
  const cases: [string, string, string][] = [
    ['GET', '/api/v1/pods?watch=true&resourceVersion=1', 'watch /pods -/-'],
    ['GET', '/api/v1/namespaces/a/pods?limit=500', 'list /pods a/-'],
    ['GET', '/api/v1/namespaces/a', 'get /namespaces -/a'],
    ['PATCH', '/apis/apps/v1/namespaces/a/statefulsets/b?force=true', 'patch apps/statefulsets a/b'],
    ['PATCH', '/apis/cubby.dev/v1alpha1/namespaces/a/kvstores/b/status', 'patch cubby.dev/kvstores/status a/b'],
    ['POST', '/api/v1/namespaces/a/secrets', 'create /secrets a/-'],
    ['PUT', '/apis/coordination.k8s.io/v1/namespaces/a/leases/b', 'update coordination.k8s.io/leases a/b'],
    ['DELETE', '/api/v1/namespaces/a/pods/b', 'delete /pods a/b'],
    ['DELETE', '/api/v1/namespaces/a/pods', 'deletecollection /pods a/-'],
  ];
  for (const [method, url, expected] of cases) assert.equal(brief(method, url), expected);
});

test('what is no resource has no name in RBAC', () => {
  for (const url of ['/healthz', '/api/v1', '/apis', '/apis/apps/v1', '/']) assert.equal(brief('GET', url), undefined);
});

test('only what is about all namespaces becomes about one', () => {
  assert.equal(scopeTo('a', '/api/v1/pods?watch=true'), '/api/v1/namespaces/a/pods?watch=true');
  assert.equal(scopeTo('a', '/apis/apps/v1/statefulsets'), '/apis/apps/v1/namespaces/a/statefulsets');
  for (const url of ['/api/v1/namespaces/b/pods', '/apis/storage.k8s.io/v1/storageclasses/c', '/healthz'])
    assert.equal(scopeTo('a', url), url);
});
