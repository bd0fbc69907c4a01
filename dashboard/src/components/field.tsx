import { type ReactNode, useId } from 'react';

interface FieldProps {
  label: string;
  hint?: ReactNode;
  /** What is wrong with the input; in place of the hint. */
  error?: string | undefined;
  /** Renders the input with the ids that tie it to its label, hint and error. */
  children(props: { id: string; 'aria-describedby': string; 'aria-invalid': boolean }): ReactNode;
}

/** An input with its label above, and a hint or an error below. */
export function Field({ label, hint, error, children }: FieldProps) {
  const id = useId();
  const about = `${id}-about`;
  const wrong = error !== undefined;
  return (
    <div className="field">
      <label className="field-label" htmlFor={id}>
        {label}
      </label>
      {children({ id, 'aria-describedby': about, 'aria-invalid': wrong })}
      <div id={about} className={wrong ? 'field-error' : 'field-hint'} role={wrong ? 'alert' : undefined}>
        {error ?? hint}
      </div>
    </div>
  );
}

interface CheckProps {
  label: string;
  hint?: ReactNode;
  checked: boolean;
  disabled?: boolean;
  onChange(checked: boolean): void;
}

/** A tick box with its label. */
export function Check({ label, hint, checked, disabled = false, onChange }: CheckProps) {
  const id = useId();
  const about = `${id}-about`;
  return (
    <div className="check">
      <input
        id={id}
        type="checkbox"
        checked={checked}
        disabled={disabled}
        aria-describedby={hint === undefined ? undefined : about}
        onChange={(event) => onChange(event.target.checked)}
      />
      <div>
        <label htmlFor={id}>{label}</label>
        {hint !== undefined && (
          <div className="field-hint" id={about}>
            {hint}
          </div>
        )}
      </div>
    </div>
  );
}
