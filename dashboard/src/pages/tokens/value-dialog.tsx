import { useState } from 'react';
import type { TokenCreated } from '../../../../sdk/src/index.ts';
import { Button } from '../../components/button.tsx';
import { CopyButton } from '../../components/copy-button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { Check } from '../../components/field.tsx';
import { Notice } from '../../components/notice.tsx';

/** Shows a new token's text, which nobody can see again; closes when that is understood. */
export function ValueDialog({ created, onClose }: { created: TokenCreated; onClose(): void }) {
  const [stored, setStored] = useState(false);
  const [hurried, setHurried] = useState(false);
  const { token, value } = created;
  return (
    <Dialog
      open
      title={`${token.name} is made`}
      about="Copy the token now: it is shown this once, and is stored nowhere."
      dismissible={false}
      // Escape and the cross do not lose it either.
      onClose={() => (stored ? onClose() : setHurried(true))}
      footer={
        <Button variant="primary" disabled={!stored} onClick={onClose}>
          Done
        </Button>
      }
    >
      <div className="stack">
        <div className="command">
          <code className="token-value">{value}</code>
          <CopyButton text={value} what="token" wide />
        </div>
        {token.state === 'pending' && (
          <Notice>It is accepted within seconds: the data plane has not heard of it yet.</Notice>
        )}
        <Check
          label="I have stored it"
          hint="If it is lost, revoke it and make another."
          checked={stored}
          onChange={setStored}
        />
        {hurried && !stored && (
          <div className="field-error" role="alert">
            Tick this first: once the dialog is closed, the token cannot be seen again.
          </div>
        )}
      </div>
    </Dialog>
  );
}
