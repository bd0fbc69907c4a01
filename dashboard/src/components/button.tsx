import { LoaderCircle } from 'lucide-react';
import type { ComponentProps, ReactNode } from 'react';

type ButtonVariant = 'primary' | 'secondary' | 'ghost' | 'danger' | 'quiet-danger';

interface ButtonProps extends Omit<ComponentProps<'button'>, 'className'> {
  variant?: ButtonVariant;
  /** Stands before the text; a spinner takes its place while busy. */
  icon?: ReactNode;
  /** Whether what it started is under way: it cannot be pressed again. */
  busy?: boolean;
}

/** A button with text. */
export function Button({ variant = 'secondary', icon, busy = false, disabled, children, ...rest }: ButtonProps) {
  return (
    <button type="button" {...rest} className={`button button-${variant}`} disabled={disabled || busy} aria-busy={busy}>
      {busy ? <LoaderCircle size={16} className="spinner" aria-hidden /> : icon}
      {children}
    </button>
  );
}

interface IconButtonProps extends Omit<ButtonProps, 'children'> {
  /** What it does, read aloud and shown on hovering. */
  label: string;
  icon: ReactNode;
}

/** A square button with an icon alone. */
export function IconButton({ label, icon, variant = 'ghost', busy = false, disabled, ...rest }: IconButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      className={`button button-icon button-${variant}`}
      aria-label={label}
      title={label}
      disabled={disabled || busy}
    >
      {busy ? <LoaderCircle size={16} className="spinner" aria-hidden /> : icon}
    </button>
  );
}
