import { type FormEvent, useId, useState } from 'react';
import type { BackupPlace } from '../../../../sdk/src/index.ts';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { Field } from '../../components/field.tsx';
import { ProblemNotice } from '../../components/notice.tsx';
import { useSetPlace } from './queries.ts';

const FIELDS = {
  s3: [
    { name: 'bucket', label: 'Bucket', hint: 'It must exist.', needed: true },
    { name: 'prefix', label: 'Folder', hint: 'Left empty, the root of the bucket.', needed: false },
    {
      name: 'endpoint',
      label: 'Endpoint',
      hint: "Such as https://s3.example.com. Left empty, Amazon's.",
      needed: false,
    },
    { name: 'region', label: 'Region', hint: 'Left empty, us-east-1.', needed: false },
    { name: 'credentials_secret', label: 'Secret', hint: 'With accessKeyId and secretAccessKey.', needed: true },
  ],
  volume: [
    { name: 'claim_name', label: 'Volume claim', hint: 'Beside the store; it must exist.', needed: true },
    { name: 'path', label: 'Folder', hint: 'Left empty, the root of the volume.', needed: false },
  ],
} as const;

type Kind = keyof typeof FIELDS;
type Values = Readonly<Record<string, unknown>>;

/** Asks where backups go, and writes that. */
export function PlaceDialog({ place, onClose }: { place: BackupPlace | null; onClose(): void }) {
  const form = useId();
  const [kind, setKind] = useState<Kind>(place?.s3 ? 's3' : 'volume');
  // Of both kinds, so that a look at the other one loses nothing; what has no field here stays as it is.
  const [all, setAll] = useState<Record<Kind, Values>>({ s3: place?.s3 ?? {}, volume: place?.volume ?? {} });
  const values = all[kind];
  const [secret, setSecret] = useState(place?.encryption_secret ?? '');
  const { mutate, isPending, error } = useSetPlace();
  const textOf = (name: string) => (typeof values[name] === 'string' ? (values[name] as string) : '');
  const lacks = FIELDS[kind].some(({ name, needed }) => needed && textOf(name).trim() === '');

  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (lacks) return;
    const filled = Object.entries(values).filter(([, value]) => value !== '');
    const wish = { [kind]: Object.fromEntries(filled), ...(secret !== '' && { encryption_secret: secret }) };
    mutate(wish, { onSuccess: onClose });
  };
  return (
    <Dialog
      open
      title="Where backups go"
      about="Further backups go there; those that there are stay where they are."
      dismissible={false}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" form={form} variant="primary" busy={isPending} disabled={lacks}>
            Save
          </Button>
        </>
      }
    >
      <form id={form} className="stack" onSubmit={submit}>
        <Field label="Kind">
          {(field) => (
            <select
              {...field}
              className="input"
              value={kind}
              onChange={(event) => setKind(event.target.value === 's3' ? 's3' : 'volume')}
            >
              <option value="volume">A volume</option>
              <option value="s3">A bucket, of Amazon S3 or a service like it</option>
            </select>
          )}
        </Field>
        {FIELDS[kind].map(({ name, label, hint }) => (
          <Text
            key={name}
            label={label}
            hint={hint}
            value={textOf(name)}
            onChange={(value) => setAll({ ...all, [kind]: { ...values, [name]: value } })}
          />
        ))}
        <Text
          label="Encryption"
          hint="Name of a Secret with an age identity. Left empty, Cubby encrypts nothing."
          value={secret}
          onChange={setSecret}
        />
        {error && <ProblemNotice error={error} />}
      </form>
    </Dialog>
  );
}

interface TextProps {
  label: string;
  hint: string;
  value: string;
  onChange(value: string): void;
}

function Text({ label, hint, value, onChange }: TextProps) {
  return (
    <Field label={label} hint={hint}>
      {(field) => (
        <input
          {...field}
          className="input"
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={false}
          value={value}
          onChange={(event) => onChange(event.target.value.trim())}
        />
      )}
    </Field>
  );
}
