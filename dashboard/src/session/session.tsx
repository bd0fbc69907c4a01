import { useQueryClient } from '@tanstack/react-query';
import { createContext, type ReactNode, use, useCallback, useMemo, useRef, useState } from 'react';
import type { TokenScopes } from '../../../sdk/src/index.ts';
import { SignIn } from './sign-in.tsx';
import { forgetToken, loadToken, saveToken } from './storage.ts';

/** Who is signed in. */
export interface Session {
  token: string;
  /** What the token may do. */
  identity: TokenScopes;
  /** Ends the session here and wherever its token is kept; the sign-in page shows `message`. */
  signOut(message?: string): void;
}

const SessionContext = createContext<Session | undefined>(undefined);
const storages = { tab: sessionStorage, device: localStorage };

/** The session of the page; only below SessionProvider, which shows the sign-in page while there is none. */
export function useSession(): Session {
  const session = use(SessionContext);
  if (!session) throw new Error('useSession needs a SessionProvider above');
  return session;
}

/** Holds the session, and shows the sign-in page in place of `children` while there is none. */
export function SessionProvider({ children }: { children: ReactNode }) {
  const queries = useQueryClient();
  const [kept, setKept] = useState(() => loadToken(storages));
  const [signedIn, setSignedIn] = useState<{ token: string; identity: TokenScopes }>();
  const [message, setMessage] = useState<string>();

  const signOut = useCallback(
    (reason?: string) => {
      forgetToken(storages);
      queries.clear();
      setKept(undefined);
      setSignedIn(undefined);
      setMessage(reason);
    },
    [queries],
  );
  const current = useRef(signedIn);
  current.current = signedIn;
  const session = useMemo(
    () =>
      signedIn && {
        ...signedIn,
        // A late answer to a session that is over does not end the one after it.
        signOut: (reason?: string) => {
          if (current.current === signedIn) signOut(reason);
        },
      },
    [signedIn, signOut],
  );

  if (session) return <SessionContext value={session}>{children}</SessionContext>;
  return (
    <SignIn
      kept={kept}
      message={message}
      onSignedIn={(token, identity, remember) => {
        saveToken(storages, token, remember);
        setMessage(undefined);
        setSignedIn({ token, identity });
      }}
      onRefused={signOut}
    />
  );
}
