import { CircleAlert, Info, TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { explain } from '../api/problem.ts';

const ICONS = { info: Info, warn: TriangleAlert, danger: CircleAlert };

/** A few sentences that stand out within a page or a dialog. */
export function Notice({ tone = 'info', children }: { tone?: 'info' | 'warn' | 'danger'; children: ReactNode }) {
  const Icon = ICONS[tone];
  return (
    <div className={`notice notice-${tone}`} role={tone === 'danger' ? 'alert' : 'note'}>
      <Icon size={16} aria-hidden />
      <div className="notice-text">{children}</div>
    </div>
  );
}

/** An error within a page or a dialog: what, what to do, and the request id. `title` replaces the one of its code. */
export function ProblemNotice({ error, title }: { error: unknown; title?: string | undefined }) {
  const problem = explain(error);
  return (
    <Notice tone="danger">
      <strong>{title ?? problem.title}</strong>
      <span>
        {problem.detail} {problem.remedy}
      </span>
      {problem.requestId !== undefined && <span className="request-id">Request {problem.requestId}</span>}
    </Notice>
  );
}
