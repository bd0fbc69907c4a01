import { formatSpread, spreadOf } from '../spread.ts';
import type { WithNodes, WithoutNodes } from './phases.ts';

const seconds = (ms: number) => ms / 1000;
const total = (writes: Record<string, number>) => Object.values(writes).reduce((sum, count) => sum + count, 0);

/** The figures of all rounds as a table, with minimum, median and maximum. */
export function formatRounds(
  stores: number,
  without: readonly WithoutNodes[],
  withNodes: readonly WithNodes[],
): string {
  const lines: string[] = [];
  const row = <T>(rounds: readonly T[], name: string, of: (round: T) => number, digits = 1) => {
    if (rounds.length > 0) lines.push(formatSpread(name, spreadOf(rounds.map(of)), digits));
  };
  if (without.length > 0) lines.push(`${stores} stores, nothing acts on their objects`);
  row(without, '  posted (s)', ({ creation }) => seconds(creation.postedMs));
  row(without, '  all children exist (s)', ({ creation }) => seconds(creation.childrenMs));
  row(without, '  a client that only applies them (s)', ({ applyMs }) => seconds(applyMs));
  row(without, '  ratio of the two', ({ creation, applyMs }) => creation.childrenMs / applyMs, 2);
  row(without, '  CPU per store (ms)', ({ creation }) => (creation.cpuSeconds * 1000) / stores);
  row(without, '  peak memory (MB)', ({ creation }) => creation.peakMegabytes, 0);
  row(without, '  writes per store', ({ creation }) => total(creation.writes) / stores, 2);
  row(without, '  growth by 300 foreign Secrets of 1 MB (MB)', ({ foreignMegabytes }) => foreignMegabytes, 0);
  row(without, '  leader killed, to an edit done (s)', ({ crashMs }) => seconds(crashMs));
  row(without, '  leader stopped, to an edit done (s)', ({ gracefulMs }) => seconds(gracefulMs));
  row(without, '  restart, to every store reconciled (s)', ({ restart }) => seconds(restart.ms));
  row(without, '  writes of a restart', ({ restart }) => restart.writes, 0);
  row(without, '  edit while all are reconciled anew (s)', ({ editMs }) => seconds(editMs), 2);
  if (withNodes.length > 0) lines.push(`${stores} stores on simulated nodes, with a played Redis`);
  row(withNodes, '  all children exist (s)', ({ creation }) => seconds(creation.childrenMs));
  row(withNodes, '  all stores Ready (s)', ({ readyMs }) => seconds(readyMs));
  row(withNodes, '  CPU per store (ms)', ({ cpuSeconds }) => (cpuSeconds * 1000) / stores);
  row(withNodes, '  peak memory (MB)', ({ peakMegabytes }) => peakMegabytes, 0);
  row(withNodes, '  writes while idle', ({ idle }) => idle.writes, 0);
  row(withNodes, '  reconciles while idle', ({ idle }) => idle.reconciles, 0);
  row(withNodes, '  share of a core while idle (%)', ({ idle }) => 100 * idle.cpuShare, 1);
  row(withNodes, '  edit while no Redis answers (s)', ({ editMs }) => seconds(editMs), 2);
  const [first] = without;
  if (first) lines.push('writes of the first round:', JSON.stringify(first.creation.writes));
  return lines.join('\n');
}
