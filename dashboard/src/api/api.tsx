import { createContext, type ReactNode, use, useMemo } from 'react';
import { type Client, createClient, createManagementClient, type ManagementClient } from '../../../sdk/src/index.ts';
import { createSend } from '../../../sdk/src/request.ts';
import { useSession } from '../session/session.tsx';
import { baseUrl } from './base-url.ts';
import { createEntries, type Entries } from './entries.ts';

const REVOKED = 'You were signed out: the token no longer works. It was revoked or has expired.';

/** The API as the session's token sees the chosen project. */
export interface Api {
  projectId: string;
  kv: Client['infra']['kv'];
  entries: Entries;
  management: ManagementClient;
}

const ApiContext = createContext<Api | undefined>(undefined);

/** The API of the chosen project; only below ApiProvider. */
export function useApi(): Api {
  const api = use(ApiContext);
  if (!api) throw new Error('useApi needs an ApiProvider above');
  return api;
}

/** The session's calls that belong to no project. */
export function useAccount(): ManagementClient {
  const connection = useConnection();
  return useMemo(() => createManagementClient(connection), [connection]);
}

/** Gives what is below it the API of a project. */
export function ApiProvider({ projectId, children }: { projectId: string; children: ReactNode }) {
  const connection = useConnection();
  const api = useMemo((): Api => {
    const options = { ...connection, projectId };
    return {
      projectId,
      kv: createClient(options.token, options).infra.kv,
      entries: createEntries(createSend(options)),
      management: createManagementClient(options),
    };
  }, [connection, projectId]);
  return <ApiContext value={api}>{children}</ApiContext>;
}

/** A 401 to any call ends the session, whatever page made it. */
function useConnection() {
  const { token, signOut } = useSession();
  return useMemo(
    () => ({
      baseUrl,
      token,
      // Each page says itself why it waits, and tries again.
      retries: 0,
      fetch: async (url: string, init: RequestInit) => {
        const answer = await fetch(url, init);
        if (answer.status === 401) signOut(REVOKED);
        return answer;
      },
    }),
    [token, signOut],
  );
}
