import { Field } from '../../components/field.tsx';
import { formatMoment, secondsOf, UNITS, type Unit } from '../../time/duration.ts';

/** When a key that is written is to expire: never, when it would have anyway, or after a while. */
export type Expiry = { mode: 'never' } | { mode: 'keep'; at: number } | { mode: 'after'; amount: string; unit: Unit };

/** The seconds to send; `now` in milliseconds since 1970. Undefined for never; NaN where the amount is none. */
export function ttlOf(expiry: Expiry, now: number): number | undefined {
  if (expiry.mode === 'never') return undefined;
  if (expiry.mode === 'keep') return Math.max(1, Math.ceil((expiry.at - now) / 1000));
  return secondsOf(expiry.amount, expiry.unit) ?? Number.NaN;
}

interface ExpiryFieldProps {
  expiry: Expiry;
  /** When the key expires as it is now; undefined where it does not. */
  current: number | undefined;
  onChange(expiry: Expiry): void;
}

/** Chooses when the key expires. */
export function ExpiryField({ expiry, current, onChange }: ExpiryFieldProps) {
  const wrong = expiry.mode === 'after' && secondsOf(expiry.amount, expiry.unit) === undefined;
  const choose = (mode: string) => {
    if (mode === 'keep' && current !== undefined) onChange({ mode, at: current });
    else if (mode === 'after') onChange({ mode, amount: '1', unit: 'hours' });
    else onChange({ mode: 'never' });
  };
  return (
    <div className={expiry.mode === 'after' ? 'expiry expiry-after' : 'expiry'}>
      <Field label="Expires">
        {(field) => (
          <select {...field} className="input" value={expiry.mode} onChange={(event) => choose(event.target.value)}>
            <option value="never">Never</option>
            {current !== undefined && <option value="keep">As before: {formatMoment(current)}</option>}
            <option value="after">After</option>
          </select>
        )}
      </Field>
      {expiry.mode === 'after' && (
        <>
          <Field label="Amount" error={wrong ? 'A number, at least 1 second' : undefined}>
            {(field) => (
              <input
                {...field}
                className="input numeric"
                inputMode="decimal"
                value={expiry.amount}
                onChange={(event) => onChange({ ...expiry, amount: event.target.value })}
              />
            )}
          </Field>
          <Field label="Unit">
            {(field) => (
              <select
                {...field}
                className="input"
                value={expiry.unit}
                onChange={(event) => onChange({ ...expiry, unit: event.target.value as Unit })}
              >
                {Object.keys(UNITS).map((unit) => (
                  <option key={unit}>{unit}</option>
                ))}
              </select>
            )}
          </Field>
        </>
      )}
    </div>
  );
}
