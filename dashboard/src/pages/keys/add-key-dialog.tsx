import { type FormEvent, useId, useRef, useState } from 'react';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { Check, Field } from '../../components/field.tsx';
import { ProblemNotice } from '../../components/notice.tsx';
import { useWrite } from './entry.ts';
import { type Expiry, ExpiryField, ttlOf } from './expiry-field.tsx';
import { faultOfValue, JsonEditor } from './json-editor.tsx';
import { faultOfKey } from './key-rule.ts';

interface AddKeyDialogProps {
  open: boolean;
  /** What the name begins with. */
  prefix: string;
  onClose(): void;
  onAdded(key: string): void;
}

/** Writes a new key. */
export function AddKeyDialog({ open, onClose, ...rest }: AddKeyDialogProps) {
  const form = useId();
  const name = useRef<HTMLInputElement>(null);
  const write = useWrite();
  const close = () => {
    write.reset();
    onClose();
  };
  return (
    <Dialog
      open={open}
      title="Add a key"
      about="A name, a JSON value, and when it expires"
      initialFocus={name}
      dismissible={false}
      onClose={close}
      footer={
        <>
          <Button onClick={close}>Cancel</Button>
          <Button type="submit" form={form} variant="primary" busy={write.isPending}>
            Add key
          </Button>
        </>
      }
    >
      <AddKeyForm id={form} nameRef={name} write={write} {...rest} />
    </Dialog>
  );
}

interface AddKeyFormProps {
  id: string;
  prefix: string;
  nameRef: React.RefObject<HTMLInputElement | null>;
  write: ReturnType<typeof useWrite>;
  onAdded(key: string): void;
}

function AddKeyForm({ id, prefix, nameRef, write, onAdded }: AddKeyFormProps) {
  const [key, setKey] = useState(prefix);
  const [text, setText] = useState('');
  const [expiry, setExpiry] = useState<Expiry>({ mode: 'never' });
  const [onlyNew, setOnlyNew] = useState(true);
  const [tried, setTried] = useState(false);
  const value = useRef<HTMLTextAreaElement>(null);
  const nameFault = faultOfKey(key);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    const ttl = ttlOf(expiry, Date.now());
    if (nameFault !== undefined) return nameRef.current?.focus();
    if (faultOfValue(text) !== undefined) return value.current?.focus();
    if (Number.isNaN(ttl)) return;
    write.mutate({ key, text: text.trim(), ttl, ifNotExists: onlyNew }, { onSuccess: () => onAdded(key) });
  };

  return (
    <form id={id} className="stack" onSubmit={submit} noValidate>
      <Field
        label="Name"
        hint="Up to 512 characters. Colons group keys: user:42:cart"
        error={tried || (key !== '' && key !== prefix) ? nameFault : undefined}
      >
        {(field) => (
          <input
            {...field}
            ref={nameRef}
            className="input mono"
            autoComplete="off"
            autoCapitalize="off"
            spellCheck={false}
            value={key}
            onChange={(event) => setKey(event.target.value)}
          />
        )}
      </Field>
      <JsonEditor text={text} onChange={setText} touched inputRef={value} rows={6} />
      {tried && text.trim() === '' && <p className="field-error">Write a value, such as 0, "text" or {'{}'}.</p>}
      <ExpiryField expiry={expiry} current={undefined} onChange={setExpiry} />
      <Check
        label="Only if it does not exist"
        hint="A key of that name that is there already stays as it is."
        checked={onlyNew}
        onChange={setOnlyNew}
      />
      {write.error && <ProblemNotice error={write.error} />}
    </form>
  );
}
