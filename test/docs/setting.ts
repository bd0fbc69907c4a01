import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { eventually, kubectl, read } from '../e2e/cluster.ts';
import { url } from '../e2e/environment.ts';
import { createTenant, tokenOf } from '../e2e/tenant.ts';
import { prepareOldService } from './old-service.ts';
import type { Setting } from './pages.ts';

const TENANTS = 'cubby-tenants';

/** What a setting takes for itself while its page runs; pages that have one in common wait for each other. */
export function claimsOf({ tenant, old, makes = [], projects = [] }: Setting): string[] {
  const claims = [...makes, ...projects.map((project) => `project ${project}`)];
  return [...claims, ...(tenant ? [tenant] : []), ...(old ? [old] : [])];
}

/** Makes what a page finds, and returns its variables; what the page and this made is deleted when the test ends. */
export async function prepare(
  test: Pick<TestContext, 'after'>,
  { tenant, old, makes = [], projects = [], admin }: Setting,
  directory: string,
): Promise<Record<string, string>> {
  const environment: Record<string, string> = { CUBBY_URL: url, KUBECONFIG: join(directory, '.cluster/kubeconfig') };
  const context = await kubectl('config', 'view', '--raw', '--flatten', '--minify', '--output', 'json');
  const config = JSON.parse(context);
  if (tenant) config.contexts[0].context.namespace = tenant;
  writeFileSync(environment.KUBECONFIG ?? '', JSON.stringify(config), { mode: 0o600 });
  const lines = Object.entries(environment).map(([name, value]) => `${name}=${value}\n`);
  writeFileSync(join(directory, '.cluster/env'), lines.join(''));

  const removeMade = async () => {
    await Promise.all(makes.map((name) => kubectl('delete', 'namespace', name, '--ignore-not-found', '--timeout=60s')));
    await Promise.all(projects.map(removeProject));
  };
  await removeMade();
  test.after(removeMade);
  if (tenant) {
    await createTenant(test, tenant);
    // A store answers before its status says so.
    await kubectl('wait', 'kvstore/main', '--namespace', tenant, '--for=condition=Progressing=False', '--timeout=60s');
    Object.assign(environment, { NAMESPACE: tenant, NAME: 'main', TOKEN: await tokenOf(tenant, 'web') });
  }
  if (old) Object.assign(environment, await prepareOldService(test, old));
  if (admin) {
    environment.CUBBY_ADMIN_KEY = await tokenOf('cubby-system', 'admin-key');
  }
  return environment;
}

/** Removes a project's store with its data and tokens from the namespace of the stores that the API makes. */
async function removeProject(project: string): Promise<void> {
  const stores = JSON.parse(await kubectl('get', 'kvstores', '--namespace', TENANTS, '--output', 'json'));
  for (const { metadata, spec } of stores.items) {
    if (spec.projectId !== project) continue;
    const tokens = JSON.parse(await kubectl('get', 'kvtokens', '--namespace', TENANTS, '--output', 'json'));
    for (const token of tokens.items) {
      if (token.spec.storeRef?.name === metadata.name)
        await kubectl('delete', 'kvtoken', token.metadata.name, '-n', TENANTS);
    }
    await kubectl('delete', 'kvstore', metadata.name, '--namespace', TENANTS, '--timeout=60s');
    const claim = `data-${metadata.name}-redis-0`;
    await eventually(`the end of ${claim}`, 60, async () => {
      await kubectl(
        'delete',
        'persistentvolumeclaim',
        claim,
        '--namespace',
        TENANTS,
        '--ignore-not-found',
        '--wait=false',
      );
      return (await read('persistentvolumeclaim', TENANTS, claim)) === undefined || undefined;
    });
  }
}

/** A function that has work wait for earlier work that has a claim in common with it. */
export function createClaims(): <T>(claims: readonly string[], work: () => Promise<T>) => Promise<T> {
  const ends = new Map<string, Promise<unknown>>();
  return async (claims, work) => {
    const earlier = claims.map((claim) => ends.get(claim));
    const result = Promise.allSettled(earlier).then(work);
    for (const claim of claims)
      ends.set(
        claim,
        result.catch(() => {}),
      );
    return result;
  };
}
