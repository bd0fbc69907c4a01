import { Moon } from 'lucide-react';
import { useEffect, useState } from 'react';
import uPlot from 'uplot';
import type { StoreStatus } from '../../../../sdk/src/index.ts';
import { useStatus } from '../../api/queries.ts';
import { EmptyState } from '../../components/empty-state.tsx';
import { ProblemState } from '../../components/problem-state.tsx';
import { Skeleton } from '../../components/skeleton.tsx';
import { Chart, type Palette } from './chart.tsx';
import { formatBytes, formatCount, formatShare, parseMemory } from './format.ts';
import { Meter } from './meter.tsx';
import { shareOf } from './series.ts';

const EVERY_MS = 5000;
const WINDOW_SECONDS = 600;
const POWERS_OF_TWO = Array.from({ length: 40 }, (_, power) => 2 ** power);
const steps = uPlot.paths.stepped?.({ align: 1 });
const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });

/** Memory against its limit, now and as long as the page is open. */
export function Memory() {
  const { data, error, refetch, dataUpdatedAt } = useStatus({ everyMs: EVERY_MS });
  const samples = useSamples(data?.used_memory, dataUpdatedAt);
  return (
    <section className="card section" aria-labelledby="memory-title">
      <div className="section-head">
        <h2 id="memory-title">Memory</h2>
        {data?.keys != null && <span className="soft numeric">{formatCount(data.keys)} keys</span>}
      </div>
      {error && !data && <ProblemState error={error} onRetry={() => refetch()} />}
      {!data && !error && <Skeleton lines={4} label="Loading the memory" />}
      {data && <Used status={data} samples={samples} />}
    </section>
  );
}

function Used({ status, samples }: { status: StoreStatus; samples: [number[], number[]] }) {
  const limit = status.max_memory === null ? undefined : parseMemory(status.max_memory);
  const used = status.used_memory;
  if (used === null || limit === undefined) {
    return (
      <EmptyState icon={<Moon size={20} aria-hidden />} title={status.enabled ? 'Not known yet' : 'Redis does not run'}>
        <p>
          {status.enabled
            ? 'The operator reports it once Redis answers.'
            : 'A hibernated store uses no memory; its data is kept. Enable it in KV Storage.'}
        </p>
      </EmptyState>
    );
  }
  const [xs, ys] = samples;
  const share = shareOf(used, limit);
  const text = `${formatBytes(used)} of ${formatBytes(limit)} used`;
  const last = xs.at(-1) ?? 0;
  const from = Math.min(last - 60, Math.max(xs[0] ?? last, last - WINDOW_SECONDS));
  return (
    <>
      <div className="figure">
        <span className="figure-value numeric">{formatBytes(used)}</span>
        <span className="soft">
          of {formatBytes(limit)}; {formatShare(share)}
        </span>
      </div>
      <Meter label="Memory" share={share} text={text} />
      <Chart
        label={`Memory while this page is open: ${text}`}
        data={[
          [from, ...xs],
          [null, ...ys],
          [limit, ...xs.map(() => limit)],
        ]}
        x={[from, last]}
        y={limit * 1.08}
        series={linesOf}
        formatX={(x) => clock.format(x * 1000)}
        formatY={formatBytes}
        incrementsY={POWERS_OF_TWO}
      />
      <p className="field-hint">
        Since this page was opened, every 5 seconds. The operator reports it in steps of a twentieth of the limit.
      </p>
    </>
  );
}

/** What was seen of the memory since the page was opened, of the last minutes. */
function useSamples(used: number | null | undefined, at: number): [number[], number[]] {
  const [samples, setSamples] = useState<[number[], number[]]>([[], []]);
  useEffect(() => {
    if (used == null || at === 0) return;
    setSamples(([xs, ys]) => {
      const seconds = at / 1000;
      if (xs.at(-1) === seconds) return [xs, ys];
      const first = xs.findIndex((x) => x >= seconds - WINDOW_SECONDS);
      const kept = first === -1 ? xs.length : first;
      return [
        [...xs.slice(kept), seconds],
        [...ys.slice(kept), used],
      ];
    });
  }, [used, at]);
  return samples;
}

function linesOf(palette: Palette): uPlot.Series[] {
  return [
    {
      stroke: palette.series(4),
      fill: `${palette.series(4)}22`,
      width: 2,
      points: { size: 4 },
      ...(steps && { paths: steps }),
    },
    { stroke: palette.danger, width: 1.5, dash: [6, 5], points: { show: false } },
  ];
}
