import { Trash2 } from 'lucide-react';
import type { Token } from '../../../../sdk/src/index.ts';
import { Badge } from '../../components/badge.tsx';
import { IconButton } from '../../components/button.tsx';
import type { Tone } from '../../components/tone.ts';
import { scopeWords } from './words.ts';

const TONES: Record<Token['state'], Tone> = { active: 'good', pending: 'blue', expired: 'neutral', refused: 'danger' };
const WORDS: Record<Token['state'], string> = {
  active: 'Active',
  pending: 'Pending',
  expired: 'Expired',
  refused: 'Refused',
};
const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });
const minute = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' });

/** All tokens, one a row; a card each on a phone. */
export function TokenTable({ tokens, onRevoke }: { tokens: Token[]; onRevoke?: ((token: Token) => void) | undefined }) {
  return (
    <div className="card record-card">
      <table className="table records">
        <caption className="hidden">Tokens of the project</caption>
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Token</th>
            <th scope="col">May</th>
            <th scope="col">Created</th>
            <th scope="col">Expires</th>
            <th scope="col">State</th>
            {onRevoke && (
              <th scope="col">
                <span className="hidden">Actions</span>
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {tokens.map((token) => (
            <tr key={token.name}>
              <th scope="row">
                {token.name}
                <span className="record-note">{token.type}</span>
              </th>
              <td className="mono" data-label="Token">
                {token.prefix}…{token.last_four ?? ''}
              </td>
              <td data-label="May">{scopeWords(token.scopes)}</td>
              <td data-label="Created">
                <Time at={token.created_at} />
              </td>
              <td data-label="Expires">
                {token.expires_at === null ? 'Never' : <Time at={token.expires_at} />}
                {token.rotates_at !== null && (
                  <span className="record-note">
                    Rotates <Time at={token.rotates_at} />
                  </span>
                )}
              </td>
              <td data-label="State">
                <Badge tone={TONES[token.state]} dot>
                  {WORDS[token.state]}
                </Badge>
                {token.message !== null && token.state !== 'active' && (
                  <span className="record-message">{token.message}</span>
                )}
              </td>
              {onRevoke && (
                <td className="record-actions">
                  <IconButton
                    label={`Revoke ${token.name}`}
                    icon={<Trash2 size={16} aria-hidden />}
                    variant="quiet-danger"
                    disabled={!token.revocable}
                    onClick={() => onRevoke(token)}
                  />
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Time({ at }: { at: string }) {
  const date = new Date(at);
  return (
    <time dateTime={at} title={minute.format(date)}>
      {day.format(date)}
    </time>
  );
}
