import type { UsageHistory } from '../../../../sdk/src/index.ts';
import { formatCount, formatStart, formatTokens } from './format.ts';
import { OPERATIONS } from './series.ts';

/** The numbers of the plot, newest first; points without requests are left out. */
export function UsageTable({ history: { points, resolution } }: { history: UsageHistory }) {
  const used = points.filter(({ operations }) => OPERATIONS.some((operation) => operations[operation] > 0)).reverse();
  return (
    <details className="numbers">
      <summary>Show the numbers</summary>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by the keyboard */}
      <section className="table-scroll" tabIndex={0} aria-label="The numbers of the plot">
        <table className="table">
          <thead>
            <tr>
              <th scope="col">{resolution === 'hour' ? 'Hour' : 'Day (UTC)'}</th>
              {OPERATIONS.map((operation) => (
                <th key={operation} scope="col" className="number">
                  {operation}
                </th>
              ))}
              <th scope="col" className="number">
                tokens
              </th>
            </tr>
          </thead>
          <tbody>
            {used.map(({ start, operations, tokens }) => (
              <tr key={start}>
                <th scope="row">{formatStart(Date.parse(start), resolution, true)}</th>
                {OPERATIONS.map((operation) => (
                  <td key={operation} className="number">
                    {formatCount(operations[operation])}
                  </td>
                ))}
                <td className="number">{formatTokens(Number(tokens))}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </details>
  );
}
