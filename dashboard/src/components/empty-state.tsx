import type { ReactNode } from 'react';

interface EmptyStateProps {
  icon: ReactNode;
  title: string;
  tone?: 'neutral' | 'warn' | 'danger';
  /** What to do about it. */
  children?: ReactNode;
  actions?: ReactNode;
}

/** In place of content that is not there: says why, and what to do. */
export function EmptyState({ icon, title, tone = 'neutral', children, actions }: EmptyStateProps) {
  return (
    <div className="state">
      <div className={`state-mark state-mark-${tone}`}>{icon}</div>
      <h2 className="state-title">{title}</h2>
      {children}
      {actions !== undefined && <div className="state-actions">{actions}</div>}
    </div>
  );
}
