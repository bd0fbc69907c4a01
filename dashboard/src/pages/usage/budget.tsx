import { useMemo } from 'react';
import type uPlot from 'uplot';
import type { Usage, UsageHistory } from '../../../../sdk/src/index.ts';
import { Notice } from '../../components/notice.tsx';
import { ProblemState } from '../../components/problem-state.tsx';
import { Skeleton } from '../../components/skeleton.tsx';
import { Chart, type Palette } from './chart.tsx';
import { formatEnd, formatShare, formatStart, formatTokens, formatTokensShort } from './format.ts';
import { Meter } from './meter.tsx';
import { useUsage, useUsageHistory } from './queries.ts';
import { shareOf, spentInMonth } from './series.ts';

/** Tokens spent this month against the budget. */
export function Budget() {
  const usage = useUsage();
  const history = useUsageHistory('month');
  const error = usage.error ?? history.error;
  const retry = () => {
    usage.refetch();
    history.refetch();
  };
  return (
    <section className="card section" aria-labelledby="budget-title">
      <div className="section-head">
        <h2 id="budget-title">Tokens this month</h2>
        {usage.data && <span className="soft">Ends {formatEnd(Date.parse(usage.data.period.end), Date.now())}</span>}
      </div>
      {usage.data && history.data ? (
        <Spent usage={usage.data} history={history.data} />
      ) : error ? (
        <ProblemState error={error} onRetry={retry} />
      ) : (
        <Skeleton lines={6} label="Loading the budget" />
      )}
    </section>
  );
}

function Spent({ usage, history }: { usage: Usage; history: UsageHistory }) {
  const used = Number(usage.used);
  const budget = usage.budget === null ? undefined : Number(usage.budget);
  const columns = useMemo(() => spentInMonth(usage, history, Date.now()), [usage, history]);
  const share = shareOf(used, budget ?? 0);
  const text =
    budget === undefined ? `${formatTokens(used)} spent` : `${formatTokens(used)} of ${formatTokens(budget)} spent`;
  return (
    <>
      {budget === undefined ? (
        <>
          <div className="figure">
            <span className="figure-value numeric">{formatTokens(used)}</span>
            <span className="soft">tokens spent</span>
          </div>
          <Notice>
            This project has no budget: requests are counted and never refused for it. Set{' '}
            <code>spec.limits.tokensPerMonth</code> or <code>spec.plan</code> of the KVStore to give it one.
          </Notice>
        </>
      ) : (
        <>
          <div className="figure">
            <span className="figure-value numeric">{formatTokens(Number(usage.remaining))}</span>
            <span className="soft">
              tokens left of {formatTokens(budget)}; {formatShare(share)} spent
            </span>
          </div>
          <Meter label="Budget" share={share} text={text} />
        </>
      )}
      {used > 0 && (
        <Chart
          key={String(budget)}
          label={`Tokens spent since the month began: ${text}`}
          data={columns}
          x={[Date.parse(usage.period.start) / 1000, Date.parse(usage.period.end) / 1000]}
          y={Math.max(used, budget ?? 0) * 1.08}
          series={(palette) => linesOf(palette, budget !== undefined)}
          formatX={(x) => formatStart(x * 1000, 'day', false)}
          formatY={formatTokensShort}
          utc
        />
      )}
      {used > 0 && (
        <ul className="legend">
          <li>
            <span className="swatch swatch-1" />
            spent
          </li>
          {budget !== undefined && (
            <li>
              <span className="swatch swatch-limit" />
              budget
            </li>
          )}
        </ul>
      )}
    </>
  );
}

function linesOf(palette: Palette, limited: boolean): uPlot.Series[] {
  const spent = { stroke: palette.series(0), fill: `${palette.series(0)}22`, width: 2, points: { show: false } };
  const limit = { stroke: palette.danger, width: 1.5, dash: [6, 5], points: { show: false } };
  return limited ? [spent, limit] : [spent];
}
