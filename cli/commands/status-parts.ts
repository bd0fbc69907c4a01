import type { KVStore } from '../../contract/objects.ts';
import type { Output } from '../output/output.ts';
import { type Column, renderTable } from '../output/table.ts';
import { formatBytes, NOTHING } from '../output/words.ts';

/** The Redis pods of a store that has several, with an empty line behind; nothing for one that has one. */
export function memberTable({ status }: KVStore, output: Output): string {
  const { members = [] } = status ?? {};
  if (members.length === 0) return '';
  const isSharded = status?.topology?.mode === 'Sharded';
  const columns: Column[] = [
    { title: 'POD' },
    { title: 'ROLE' },
    { title: 'STATE' },
    isSharded ? { title: 'SLOTS', align: 'right' } : { title: 'BEHIND', align: 'right' },
    { title: 'NODE' },
  ];
  const rows = members.map(({ name, role, ready, linked, lagBytes, slots, node }) => {
    const isWell = ready && linked !== false;
    const state = !ready ? 'not ready' : linked === false ? 'not connected' : 'ready';
    const lag = role === 'Replica' && lagBytes !== undefined ? formatBytes(lagBytes) : NOTHING;
    return [
      name,
      role ?? NOTHING,
      output.paint(isWell ? 'good' : 'bad', state),
      isSharded ? String(slots ?? 0) : lag,
      node ?? NOTHING,
    ];
  });
  return `${renderTable(columns, rows)}\n`;
}

/** How the last restore went, in a line. */
export function restoreLine({ status }: KVStore): string | undefined {
  const { restore } = status ?? {};
  if (!restore) return undefined;
  const { phase, keys, expectedKeys, message } = restore;
  if (phase === 'Completed')
    return `${keys ?? 'all'} of ${expectedKeys ?? 'all'} keys, done ${restore.finishedAt ?? ''}`.trim();
  return message ? `${phase}: ${message}` : phase;
}
