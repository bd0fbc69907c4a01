import { Activity } from 'lucide-react';
import { useMemo, useState } from 'react';
import uPlot from 'uplot';
import type { UsageHistory } from '../../../../sdk/src/index.ts';
import { EmptyState } from '../../components/empty-state.tsx';
import { ProblemState } from '../../components/problem-state.tsx';
import { Skeleton } from '../../components/skeleton.tsx';
import { Chart, type Palette } from './chart.tsx';
import { formatCount, formatShort, formatStart } from './format.ts';
import { useUsageHistory } from './queries.ts';
import { OPERATIONS, POINT_SECONDS, stackOperations, sumOperations } from './series.ts';
import { UsageTable } from './usage-table.tsx';

const PERIODS = [
  { period: 'day', label: 'Day', words: 'Last 24 hours' },
  { period: 'month', label: 'Month', words: 'Last 31 days' },
] as const;

const barPaths = uPlot.paths.bars?.({ size: [0.72, 28], radius: 0.12 });

/** What ran, by operation, over the last day or month. */
export function Requests() {
  const [period, setPeriod] = useState<'day' | 'month'>('day');
  const { data, error, refetch } = useUsageHistory(period);
  return (
    <section className="card section" aria-labelledby="requests-title">
      <div className="section-head">
        <h2 id="requests-title">Requests</h2>
        <fieldset className="segmented" aria-label="Period">
          {PERIODS.map((choice) => (
            <button
              key={choice.period}
              type="button"
              aria-pressed={choice.period === period}
              onClick={() => setPeriod(choice.period)}
            >
              {choice.label}
            </button>
          ))}
        </fieldset>
      </div>
      {error && !data && <ProblemState error={error} onRetry={() => refetch()} />}
      {!data && !error && <Skeleton lines={6} label="Loading the history" />}
      {data && <History history={data} />}
    </section>
  );
}

function History({ history }: { history: UsageHistory }) {
  const [pointed, setPointed] = useState<number>();
  const { points, period, resolution } = history;
  const columns = useMemo(() => {
    const [xs, ...stacked] = stackOperations(history);
    // The tallest is drawn first, and the others over it.
    return [xs, ...stacked.reverse()] as const;
  }, [history]);
  const point = pointed === undefined ? undefined : points[pointed];
  const sums = point?.operations ?? sumOperations(history);
  const total = OPERATIONS.reduce((sum, operation) => sum + sums[operation], 0);
  const seconds = points.map(({ start }) => Date.parse(start) / 1000);
  const words = PERIODS.find((choice) => choice.period === period)?.words ?? '';
  const highest = Math.max(...(columns[1] ?? []));

  if (highest === 0) {
    return (
      <EmptyState icon={<Activity size={20} aria-hidden />} title={`No requests in the ${words.toLowerCase()}`}>
        <p>Reads, writes and scans of this project are counted here a second after they ran.</p>
      </EmptyState>
    );
  }
  return (
    <>
      <div className="figure">
        <span className="figure-value numeric">{formatCount(total)}</span>
        <span className="soft">{point ? formatStart(Date.parse(point.start), resolution, true) : words}</span>
      </div>
      <Chart
        key={period}
        label={`Operations by ${resolution}, ${words.toLowerCase()}: ${formatCount(total)} in all`}
        data={[...columns]}
        x={[seconds[0] ?? 0, (seconds.at(-1) ?? 0) + POINT_SECONDS[resolution]]}
        y={highest * 1.08}
        series={barsOf}
        formatX={(x) => formatStart(x * 1000, resolution, false)}
        formatY={formatShort}
        utc={resolution === 'day'}
        onPoint={setPointed}
      />
      <ul className="legend">
        {OPERATIONS.map((operation, index) => (
          <li key={operation}>
            <span className={`swatch swatch-${index + 1}`} />
            {operation}
            <span className="numeric legend-value">{formatCount(sums[operation])}</span>
          </li>
        ))}
      </ul>
      <UsageTable history={history} />
    </>
  );
}

function barsOf(palette: Palette): uPlot.Series[] {
  return OPERATIONS.map((_, index) => ({
    fill: palette.series(index),
    width: 0,
    points: { show: false },
    ...(barPaths && { paths: barPaths }),
  })).reverse();
}
