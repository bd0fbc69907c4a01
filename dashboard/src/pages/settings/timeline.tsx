import { Check, CircleCheck, CircleX, LoaderCircle } from 'lucide-react';
import type { Step } from './change.ts';

const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });

const MARKS = {
  done: <Check size={15} aria-hidden />,
  running: <LoaderCircle size={15} className="spinner" aria-hidden />,
  good: <CircleCheck size={15} aria-hidden />,
  bad: <CircleX size={15} aria-hidden />,
};

/** A change from when it was asked for to its end, as it was seen; read aloud as it goes on. */
export function Timeline({ steps, changing }: { steps: readonly Step[]; changing: boolean }) {
  return (
    <section className="card section" aria-labelledby="change-title">
      <div className="section-head">
        <h2 id="change-title">{changing ? 'Change under way' : 'Last change'}</h2>
      </div>
      <ol className="timeline" aria-live="polite">
        {steps.map(({ at, title, detail, state }) => (
          <li key={at} className={`step step-${state}`}>
            <span className="step-mark">{MARKS[state]}</span>
            <div>
              <div className="step-title">{title}</div>
              {detail !== '' && <div className="step-detail">{detail}</div>}
            </div>
            <time className="step-time numeric" dateTime={new Date(at).toISOString()}>
              {clock.format(at)}
            </time>
          </li>
        ))}
      </ol>
    </section>
  );
}
