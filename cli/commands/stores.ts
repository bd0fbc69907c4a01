import type { KVStore } from '../../contract/objects.ts';
import { claimedProject } from '../../contract/projects.ts';
import { listStores } from '../access/stores.ts';
import { phaseTone } from '../output/conditions.ts';
import type { Output } from '../output/output.ts';
import { type Column, renderTable } from '../output/table.ts';
import { ageOf, formatBytes, formatShare, NOTHING } from '../output/words.ts';
import type { Session } from '../session.ts';

/** `cubby stores` */
export async function stores(session: Session, _args: unknown, { allNamespaces }: { allNamespaces?: true }) {
  const { client } = await session.cluster();
  const { output } = session;
  const namespace = allNamespaces ? undefined : await session.namespace();
  const found = await listStores(client, namespace);
  if (found.length === 0 && output.format !== 'json' && output.format !== 'yaml') {
    output.note(
      namespace ? `no stores in the namespace ${namespace}; -A shows those of all` : 'no stores in this cluster',
    );
    return;
  }
  output.show({ stores: found.map(viewStore) }, () => table(found, output, allNamespaces === true));
}

/** A store as `-o json` shows it. */
export function viewStore(store: KVStore) {
  const { metadata, spec, status } = store;
  return {
    namespace: metadata.namespace,
    name: metadata.name,
    projectId: status?.projectId ?? claimedProject(store),
    phase: status?.phase ?? 'Pending',
    enabled: spec.enabled,
    version: status?.version ?? null,
    requestedVersion: spec.version ?? null,
    image: status?.image ?? spec.image ?? null,
    memory: viewMemory(store),
    endpoint: status?.endpoint ? `${status.endpoint.host}:${status.endpoint.port}` : null,
    createdAt: metadata.creationTimestamp,
  };
}

/** Bytes; what a hibernated store last used is no longer used. */
export function viewMemory({ status }: KVStore): { limit: number | null; used: number | null } {
  const used = status?.phase === 'Hibernated' ? null : (status?.memory?.used ?? null);
  return { limit: status?.memory?.limit ?? null, used };
}

function table(found: readonly KVStore[], output: Output, withNamespace: boolean): string {
  const now = Date.now();
  const wide = output.format === 'wide';
  const columns: Column[] = [
    ...(withNamespace ? [{ title: 'NAMESPACE' }] : []),
    { title: 'NAME' },
    { title: 'PHASE' },
    { title: 'VERSION' },
    { title: 'USED', align: 'right' },
    { title: 'MEMORY', align: 'right' },
    { title: 'PROJECT' },
    { title: 'AGE' },
    ...(wide ? [{ title: 'IMAGE' }, { title: 'ENDPOINT' }] : []),
  ];
  const rows = found.map((store) => {
    const { memory, phase, projectId, version, image, endpoint, createdAt, name, namespace } = viewStore(store);
    const { used, limit } = memory;
    return [
      ...(withNamespace ? [namespace] : []),
      name,
      output.paint(phaseTone(phase), phase),
      version ?? NOTHING,
      used !== null && limit !== null ? formatShare(used, limit) : NOTHING,
      limit === null ? String(store.spec.memory) : formatBytes(limit),
      projectId,
      ageOf(createdAt, now),
      ...(wide ? [image ?? NOTHING, endpoint ?? NOTHING] : []),
    ];
  });
  return renderTable(columns, rows);
}
