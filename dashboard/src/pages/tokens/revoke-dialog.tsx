import type { Token } from '../../../../sdk/src/index.ts';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { useToast } from '../../components/toast.tsx';
import { useRevokeToken } from './queries.ts';

/** Asks before a token is revoked. */
export function RevokeDialog({ token, onClose }: { token: Token; onClose(): void }) {
  const { mutate, isPending, error } = useRevokeToken();
  const toast = useToast();
  const done = () => {
    toast(`Revoked ${token.name}`);
    onClose();
  };
  return (
    <ConfirmDialog
      open
      title={`Revoke ${token.name}?`}
      confirmLabel="Revoke"
      typed={token.name}
      busy={isPending}
      error={error}
      onConfirm={() => mutate(token.name, { onSuccess: done })}
      onClose={onClose}
    >
      Every program that uses the token ending in {token.last_four ?? '…'} is refused within two seconds. This cannot be
      undone.
    </ConfirmDialog>
  );
}
