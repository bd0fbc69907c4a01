import { Field } from '../../components/field.tsx';
import { type Amount, memoryOf } from './memory.ts';

interface MemoryFieldProps {
  amount: Amount;
  hint: string;
  onChange(amount: Amount): void;
}

/** An amount of memory with its unit. */
export function MemoryField({ amount, hint, onChange }: MemoryFieldProps) {
  const error = memoryOf(amount) === undefined ? 'Enter a whole number above 0.' : undefined;
  return (
    <Field label="Memory for data" hint={hint} error={error}>
      {(field) => (
        <div className="amount">
          <input
            {...field}
            className="input numeric"
            inputMode="numeric"
            autoComplete="off"
            value={amount.text}
            onChange={(event) => onChange({ ...amount, text: event.target.value })}
          />
          <select
            className="input"
            aria-label="Unit of memory"
            value={amount.unit}
            onChange={(event) => onChange({ ...amount, unit: event.target.value === 'gb' ? 'gb' : 'mb' })}
          >
            <option value="mb">MiB</option>
            <option value="gb">GiB</option>
          </select>
        </div>
      )}
    </Field>
  );
}
