import { spreadOf } from '../spread.ts';
import type { Case } from './cases.ts';
import { type Ceiling, type Lag, type Measurement, perCpuSecond } from './measure.ts';

/** A case and its figure of every round, in order. */
export interface Row {
  case: Case;
  rounds: readonly Measurement[];
}

/** All that one run of the benchmark found. */
export interface Results {
  /** What it ran on. */
  machine: string;
  rows: readonly Row[];
  ceilings: readonly Ceiling[];
  lag: Lag | undefined;
}

/** Every figure of every round. */
export function formatJson({ rows, ...others }: Results): string {
  return JSON.stringify({ rows: rows.map((row) => ({ name: row.case.name, rounds: row.rounds })), ...others });
}

/** The table, and below it what is measured once. */
export function formatText({ machine, rows, ceilings, lag }: Results): string {
  const lines = [machine, '', formatTable(rows), ''];
  for (const { pipeline, perSecond, perRedisCpuSecond } of ceilings) {
    const [rate, perCpu] = [perSecond, perRedisCpuSecond].map((figure) => `${(figure / 1000).toFixed(0)}k`);
    lines.push(
      `redis-benchmark, GET, 64 connections, pipelines of ${pipeline}: ${rate}/s, ${perCpu} per Redis-CPU-second`,
    );
  }
  if (lag) {
    lines.push(
      `event loop under batches of 100 sets of 256 KB: held up at most ${lag.p99.toFixed(0)} ms in 99 % ` +
        `(${lag.batches} batches in ${lag.seconds.toFixed(1)} s)`,
    );
  }
  return lines.join('\n');
}

/** A Markdown table: medians, with the lowest and highest round in parentheses. */
function formatTable(rows: readonly Row[]): string {
  const byName = new Map(rows.map((row) => [row.case.name, row]));
  const lines = [
    '| case | operations per server-CPU-second | ratio, same round | operations/s | p50 ms | p99 ms | CPU: server | Redis | ledger commands per 100 requests |',
    '| --- | --- | --- | --- | --- | --- | --- | --- | --- |',
  ];
  for (const row of rows) {
    const figures = (of: (measurement: Measurement) => number) => row.rounds.map(of);
    const other = byName.get(row.case.against ?? '');
    const ratios = row.rounds.flatMap((round, index) => {
      const peer = other?.rounds[index];
      return other && peer ? [perCpuSecond(row.case, round) / perCpuSecond(other.case, peer)] : [];
    });
    const share = (of: 'cpuSeconds' | 'redisCpuSeconds') =>
      `${(100 * spreadOf(figures((round) => round[of] / round.seconds)).median).toFixed(0)} %`;
    const failed = row.rounds.reduce((sum, round) => sum + round.failed, 0);
    lines.push(
      `| ${[
        row.case.about + (failed > 0 ? ` (${failed} FAILED)` : ''),
        thousands(figures((round) => perCpuSecond(row.case, round))),
        ratios.length > 0 ? `${spread(ratios, 2)} of ${row.case.against}` : '–',
        `${(spreadOf(figures((round) => (round.requests * row.case.operations) / round.seconds)).median / 1000).toFixed(1)}k`,
        spreadOf(figures((round) => round.p50)).median.toFixed(2),
        spreadOf(figures((round) => round.p99)).median.toFixed(2),
        share('cpuSeconds'),
        share('redisCpuSeconds'),
        row.case.subject === 'cubby' ? spreadOf(figures(ledgerCalls)).median.toFixed(2) : '–',
      ].join(' | ')} |`,
    );
  }
  return lines.join('\n');
}

function ledgerCalls({ ledgerCommands, requests }: Measurement): number {
  return (100 * ledgerCommands) / requests;
}

function thousands(figures: readonly number[]): string {
  const { min, median, max } = spreadOf(figures.map((figure) => figure / 1000));
  return `${median.toFixed(1)}k (${min.toFixed(1)}–${max.toFixed(1)})`;
}

function spread(figures: readonly number[], digits: number): string {
  const { min, median, max } = spreadOf(figures);
  return `${median.toFixed(digits)} (${min.toFixed(digits)}–${max.toFixed(digits)})`;
}
