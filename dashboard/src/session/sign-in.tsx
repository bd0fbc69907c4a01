import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useEffect, useRef, useState } from 'react';
import { CubbyError, createManagementClient, type TokenScopes } from '../../../sdk/src/index.ts';
import { baseUrl } from '../api/base-url.ts';
import { Button } from '../components/button.tsx';
import { Check, Field } from '../components/field.tsx';
import { Logo } from '../components/logo.tsx';
import { Notice, ProblemNotice } from '../components/notice.tsx';
import { ThemeSwitch } from '../theme/theme-switch.tsx';

const SIGNED_OUT = 'The token of the last session no longer works: it was revoked or has expired. Sign in again.';

interface SignInProps {
  /** A token of an earlier visit, which is tried at once. */
  kept: { token: string; remembered: boolean } | undefined;
  message: string | undefined;
  onSignedIn(token: string, identity: TokenScopes, remember: boolean): void;
  /** The kept token does not work any longer. */
  onRefused(message: string): void;
}

/** Asks for a token and proves it at the API. */
export function SignIn({ kept, message, onSignedIn, onRefused }: SignInProps) {
  const [token, setToken] = useState(kept?.token ?? '');
  const [remember, setRemember] = useState(kept?.remembered ?? false);
  const { mutate, isPending, error, reset } = useMutation({
    mutationFn: async (tried: { token: string; remember: boolean }) =>
      createManagementClient({ baseUrl, token: tried.token }).scopes(),
    onSuccess: (identity, tried) => onSignedIn(tried.token, identity, tried.remember),
    onError: (failure, tried) => {
      if (tried.token === kept?.token && failure instanceof CubbyError && failure.code === 'unauthorized') {
        setToken('');
        reset();
        onRefused(SIGNED_OUT);
      }
    },
  });

  const first = useRef(kept);
  useEffect(() => {
    if (first.current) mutate({ token: first.current.token, remember: first.current.remembered });
  }, [mutate]);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    const trimmed = token.trim();
    if (trimmed !== '') mutate({ token: trimmed, remember });
  };

  return (
    <main className="sign-in">
      <div className="sign-in-theme">
        <ThemeSwitch />
      </div>
      <form className="sign-in-card card" onSubmit={submit}>
        <Logo size={40} />
        <div>
          <h1>Sign in to Cubby</h1>
          <p className="soft">Paste a token of your project. It stays in this tab and is sent to this server only.</p>
        </div>
        {message !== undefined && error === null && <Notice tone="warn">{message}</Notice>}
        <Field label="Token" hint="Begins with sk_live_, dt_ or tk_">
          {(props) => (
            <input
              {...props}
              className="input mono"
              type="password"
              autoComplete="off"
              autoCapitalize="off"
              spellCheck={false}
              required
              value={token}
              onChange={(event) => {
                setToken(event.target.value);
                reset();
              }}
            />
          )}
        </Field>
        <Check
          label="Stay signed in on this device"
          hint="Keeps the token in this browser until you sign out. Leave it off on a shared device."
          checked={remember}
          onChange={setRemember}
        />
        {error && <ProblemNotice error={error} title={titleOf(error)} />}
        <Button type="submit" variant="primary" busy={isPending} disabled={token.trim() === ''}>
          Sign in
        </Button>
        <details className="sign-in-help">
          <summary>Where do I find a token?</summary>
          <p>
            A KVToken object names a Secret that holds it. With <code>kubectl</code>:
          </p>
          <pre>kubectl get secret &lt;name&gt; -o jsonpath='{'{.data.token}'}' | base64 -d</pre>
        </details>
      </form>
    </main>
  );
}

function titleOf(error: Error): string | undefined {
  return error instanceof CubbyError && error.code === 'unauthorized' ? 'This token does not work' : undefined;
}
