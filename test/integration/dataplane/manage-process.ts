import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { ensureBinaries } from '../../../cluster/binaries.ts';
import { run } from '../../../cluster/command.ts';
import { consoleProgress } from '../../../cluster/progress.ts';
import type { KubeClient } from '../../../kube/client.ts';
import type { ApiObject } from '../../../kube/object.ts';
import { resource } from '../../../kube/resources.ts';
import { SYSTEM_NAMESPACE, until } from '../operator/world.ts';

const root = join(import.meta.dirname, '../../..');
const ACCOUNT = { kind: 'ServiceAccount', name: 'dataplane', namespace: SYSTEM_NAMESPACE };
const RBAC = 'rbac.authorization.k8s.io/v1';
const serviceAccounts = resource('v1', 'ServiceAccount', 'serviceaccounts');
const roles = resource(RBAC, 'Role', 'roles');
const roleBindings = resource(RBAC, 'RoleBinding', 'rolebindings');
const clusterRoles = resource(RBAC, 'ClusterRole', 'clusterroles', false);
const clusterRoleBindings = resource(RBAC, 'ClusterRoleBinding', 'clusterrolebindings', false);

/** Reading stores, tokens and backups everywhere, and writing them in one namespace: what the chart grants. */
export async function grant(client: KubeClient, tenants: string): Promise<void> {
  const named = (name: string, namespace?: string) => ({ metadata: { name, ...(namespace && { namespace }) } });
  const rules = (verbs: string[], ...resources: string[]) => [{ apiGroups: ['cubby.dev'], resources, verbs }];
  const binding = (kind: string) => ({
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind, name: 'dataplane' },
    subjects: [ACCOUNT],
  });
  const create = (kind: Parameters<KubeClient['create']>[0], object: object) =>
    client.create(kind, object as ApiObject);
  await create(serviceAccounts, named(ACCOUNT.name, ACCOUNT.namespace));
  const backups = ['kvbackups', 'kvbackupschedules'];
  const reading = [...rules(['get', 'list', 'watch'], 'kvstores', 'kvtokens'), ...rules(['get', 'list'], ...backups)];
  await create(clusterRoles, { ...named('dataplane'), rules: reading });
  await create(clusterRoleBindings, { ...named('dataplane'), ...binding('ClusterRole') });
  const writing = [
    ...rules(['get', 'create', 'patch'], 'kvstores'),
    ...rules(['get', 'create', 'delete'], 'kvtokens'),
    ...rules(['create', 'patch', 'delete'], ...backups),
  ];
  await create(roles, { ...named('dataplane', tenants), rules: writing });
  await create(roleBindings, { ...named('dataplane', tenants), ...binding('Role') });
}

/** Starts the process as its service account, with files in `folder`, and resolves once it is ready. */
export async function startProcess(
  adminKubeconfig: string,
  folder: string,
  management: object,
): Promise<{ url: string; child: ChildProcess }> {
  const { kubectl } = await ensureBinaries(['kubectl'], consoleProgress);
  const { name: account, namespace } = ACCOUNT;
  const asAdmin = ['--kubeconfig', adminKubeconfig];
  const token = await run(kubectl, [...asAdmin, 'create', 'token', account, '--namespace', namespace]);
  const access = parse(await readFile(adminKubeconfig, 'utf8'));
  access.users[0].user = { token: token.trim() };
  const path = (file: string) => join(folder, file);
  await writeFile(path('kubeconfig'), stringify(access), { mode: 0o600 });
  await writeFile(path('master-key'), randomBytes(32).toString('base64'));
  const ports = { host: '127.0.0.1', port: 0, metricsPort: 0 };
  const config = { ...ports, masterKeyFile: path('master-key'), storeWaitMs: 100, management };
  await writeFile(path('config.json'), JSON.stringify(config));
  const args = ['--config', path('config.json'), '--kubeconfig', path('kubeconfig')];
  const child = spawn(process.execPath, [join(root, 'dataplane/main.ts'), ...args]);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk;
    });
  }
  const port = await until('listening', async () => /"port":(\d+)/.exec(output)?.[1]);
  const url = `http://127.0.0.1:${port}`;
  await until('ready', async () => (await fetch(`${url}/readyz`)).ok);
  return { url, child };
}
