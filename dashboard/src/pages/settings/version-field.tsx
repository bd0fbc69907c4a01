import { Field } from '../../components/field.tsx';
import { useVersions } from './queries.ts';

interface VersionFieldProps {
  /** Empty for the one of the installation, or for an image of the store's own. */
  version: string;
  /** What the empty choice is called; absent where there is none. */
  empty?: string | undefined;
  hint: string;
  onChange(version: string): void;
}

/** A Redis version of the installation's catalogue. */
export function VersionField({ version, empty, hint, onChange }: VersionFieldProps) {
  const { data } = useVersions();
  const known = data?.versions ?? [];
  // The catalogue may have lost a version that a store still asks for.
  const versions = version === '' || known.includes(version) ? known : [version, ...known];
  return (
    <Field label="Redis version" hint={hint}>
      {(field) => (
        <select {...field} className="input" value={version} onChange={(event) => onChange(event.target.value)}>
          {empty !== undefined && <option value="">{empty}</option>}
          {versions.map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}
