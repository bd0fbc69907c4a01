import { KeyRound, Plus } from 'lucide-react';
import { useState } from 'react';
import type { StoreStatus, Token, TokenCreated } from '../../../../sdk/src/index.ts';
import { useStatus } from '../../api/queries.ts';
import { Button } from '../../components/button.tsx';
import { Command } from '../../components/command.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { ProblemState } from '../../components/problem-state.tsx';
import { Skeleton } from '../../components/skeleton.tsx';
import { useSession } from '../../session/session.tsx';
import { CreateDialog } from './create-dialog.tsx';
import { useTokens } from './queries.ts';
import { RevokeDialog } from './revoke-dialog.tsx';
import { TokenTable } from './token-table.tsx';
import { ValueDialog } from './value-dialog.tsx';

/** The tokens of the project: made, shown once, revoked. */
export function TokensPage() {
  const { data: tokens, error, refetch } = useTokens();
  const { data: status } = useStatus();
  const { identity } = useSession();
  const [creating, setCreating] = useState(false);
  const [created, setCreated] = useState<TokenCreated>();
  const [revoking, setRevoking] = useState<Token>();
  const mayManage = status?.manageable === true;

  const create = (
    <Button variant="primary" icon={<Plus size={16} aria-hidden />} onClick={() => setCreating(true)}>
      Create token
    </Button>
  );
  return (
    <div className="page">
      <div className="page-inner">
        <div className="section-head">
          <p className="soft">Programs sign in with these. Each reaches this project alone.</p>
          {mayManage && tokens && tokens.length > 0 && create}
        </div>
        {error && !tokens && <ProblemState error={error} onRetry={() => refetch()} />}
        {!tokens && !error && <Skeleton lines={5} label="Loading the tokens" />}
        {tokens?.length === 0 && (
          <EmptyState
            icon={<KeyRound size={20} aria-hidden />}
            title="No tokens yet"
            actions={mayManage ? create : undefined}
          >
            <p>A program needs one to read and write the keys of this project.</p>
          </EmptyState>
        )}
        {tokens && tokens.length > 0 && <TokenTable tokens={tokens} onRevoke={mayManage ? setRevoking : undefined} />}
        {status?.name && !mayManage && <Rights status={status} isAdmin={identity.role === 'SystemAdmin'} />}
      </div>
      {creating && (
        <CreateDialog
          onClose={() => setCreating(false)}
          onCreated={(token) => {
            setCreating(false);
            setCreated(token);
          }}
        />
      )}
      {created && <ValueDialog created={created} onClose={() => setCreated(undefined)} />}
      {revoking && <RevokeDialog token={revoking} onClose={() => setRevoking(undefined)} />}
    </div>
  );
}

/** Why tokens can only be looked at, and how they are made. */
function Rights({ status, isAdmin }: { status: StoreStatus; isAdmin: boolean }) {
  return (
    <section className="card section" aria-labelledby="rights-title">
      <div>
        <h2 id="rights-title">Tokens are made in Kubernetes</h2>
        <p className="soft">
          {isAdmin
            ? 'This store is not one that is made over the API, and neither are its tokens. Whoever may in its namespace can make one:'
            : 'This token may look at tokens, not make or revoke them. Sign in with an API key that has the role SystemAdmin, or make one where you may:'}
        </p>
      </div>
      <Command line={`cubby -n ${status.namespace} --store ${status.name} token create web`} />
    </section>
  );
}
