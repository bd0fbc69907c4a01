import type { ReactNode } from 'react';
import type { Tone } from './tone.ts';

/** A word or two that classify what they stand beside; `dot` for states. */
export function Badge({
  tone = 'neutral',
  dot = false,
  children,
}: {
  tone?: Tone;
  dot?: boolean;
  children: ReactNode;
}) {
  return <span className={`badge badge-${tone}${dot ? ' badge-dot' : ''}`}>{children}</span>;
}
