import type { KVToken } from '../../../contract/objects.ts';
import { formatToken, hashToken } from '../../../contract/token.ts';
import type { Refusal, Row } from './row.ts';

/** What of a token is seen at one moment. */
export interface TokenSeen {
  token: KVToken;
  /** Whether there is a Secret by the name that the status tells. */
  secret: boolean;
  /** What the data plane says of the token, in GET /core/tokens/me/scopes. */
  me: {
    status: number;
    body: {
      type?: string;
      scopes?: string[];
      role?: string | null;
      project_id?: string | null;
      expires_at?: string | null;
    };
  };
}

/** A row of KVToken. */
export interface TokenRow extends Row<TokenSeen> {
  /** The token is made in Cubby's own namespace. */
  system?: true;
}

const schema = (value: unknown, says: RegExp): Refusal => ({ value, by: 'API server', says });
const apiKey = { type: 'ApiKey', storeRef: undefined };
const past = '2026-01-01T00:00:00Z';
const later = '2100-01-01T00:00:00Z';

/** A token that was made elsewhere. */
export const issued = formatToken('Project', Buffer.alloc(64, 7));
const issuedSpec = { sha256: hashToken(issued), lastFour: issued.slice(-4) };

/** The rows of KVToken; what they start from is a token of type Project for the store `main`. */
export const tokenRows: readonly TokenRow[] = [
  {
    fields: ['spec.type'],
    effect: 'fixed',
    values: [{ value: 'Project', reads: [200, 'Project'] }],
    refused: [
      schema('Deployment', /type cannot change, because it is part of the token; create another KVToken/),
      schema('Root', /Unsupported value.*Project/s),
      schema(undefined, /spec\.type.*Required value/s),
    ],
    read: ({ me }) => [me.status, me.body.type],
  },
  {
    fields: ['spec.storeRef.name'],
    effect: 'fixed',
    values: [{ value: 'main', reads: 200 }],
    refused: [
      schema('other', /storeRef cannot change; create another KVToken/),
      schema(undefined, /storeRef/),
      schema('', /at least 1 chars long/),
    ],
    read: ({ me }) => me.status,
  },
  {
    fields: ['spec.scopes'],
    effect: 'token',
    values: [
      { value: ['kv:read'], reads: ['kv:read'] },
      { value: [], reads: [] },
      { value: undefined, reads: ['kv:read', 'kv:write'] },
      { value: ['kv:write'], reads: ['kv:write'] },
    ],
    refused: [schema(['kv:admin'], /Unsupported value.*kv:read/s), schema(['kv:read', 'kv:read'], /Duplicate value/)],
    read: ({ me }) => me.body.scopes,
  },
  {
    fields: ['spec.role'],
    effect: 'token',
    system: true,
    base: apiKey,
    values: [
      { value: 'SystemRead', reads: 'SystemRead' },
      { value: 'SystemAdmin', reads: 'SystemAdmin' },
      { value: undefined, reads: null },
      { value: 'SystemRead', reads: 'SystemRead' },
    ],
    refused: [schema('God', /Unsupported value.*SystemAdmin/s)],
    read: ({ me }) => me.body.role,
  },
  {
    fields: ['spec.role'],
    effect: 'token',
    base: apiKey,
    values: [{ value: undefined, reads: 200 }],
    refused: [{ value: 'SystemAdmin', by: 'RoleNotAllowed', says: /remove spec\.role/, reads: 401 }],
    read: ({ me }) => me.status,
  },
  {
    fields: ['spec.role'],
    effect: 'token',
    values: [{ value: undefined, reads: 200 }],
    refused: [schema('SystemRead', /role is for tokens of type ApiKey only/)],
    read: ({ me }) => me.status,
  },
  {
    fields: ['spec.secretName'],
    effect: 'fixed',
    base: { secretName: 'mine' },
    values: [{ value: 'mine', reads: ['mine', true] }],
    refused: [
      schema('other', /secretName cannot change, because pods may mount it; create another KVToken/),
      schema(undefined, /secretName cannot change/),
      schema('Not a name', /should match/),
    ],
    read: ({ token, secret }) => [token.status?.secretName, secret],
  },
  {
    fields: ['spec.expiresAt'],
    effect: 'token',
    values: [
      { value: later, reads: [200, '2100-01-01T00:00:00.000Z'] },
      { value: '2101-01-01T00:00:00Z', reads: [200, '2101-01-01T00:00:00.000Z'] },
      { value: undefined, reads: [200, null] },
      { value: later, reads: [200, '2100-01-01T00:00:00.000Z'] },
    ],
    refused: [
      schema('tomorrow', /must be of type date-time|Invalid value.*date-time/s),
      { value: past, by: 'Expired', says: /set a later spec\.expiresAt/, reads: [401, undefined] },
    ],
    read: ({ me }) => [me.status, me.body.expires_at],
  },
  {
    fields: ['spec.issued', 'spec.issued.sha256', 'spec.issued.lastFour'],
    effect: 'fixed',
    base: { issued: issuedSpec },
    values: [{ value: issuedSpec, reads: [200, issuedSpec.lastFour] }],
    refused: [
      schema({ ...issuedSpec, lastFour: 'zzzz' }, /issued cannot change, because it is the token; create another/),
      schema({ ...issuedSpec, sha256: 'f'.repeat(64) }, /issued cannot change/),
      schema({ ...issuedSpec, sha256: 'none' }, /should match/),
      schema({ ...issuedSpec, lastFour: 'four4' }, /should match|Too long/),
      schema(undefined, /issued cannot change/),
    ],
    read: ({ me, token }) => [me.status, token.status?.lastFour],
  },
  {
    fields: ['spec.rotation.every'],
    effect: 'token',
    values: [
      { value: '720h', reads: 720 },
      { value: '100h', reads: 100 },
      { value: undefined, reads: undefined },
      { value: '200h', reads: 200 },
    ],
    refused: [
      schema('10s', /rotation\.every must be at least 1m/),
      schema('1h', /rotation\.every must be longer than rotation\.overlap, which is 24h where it is not set/),
      schema('monthly', /should match/),
    ],
    read: ({ token: { status } }) =>
      status?.rotatesAt && Math.round((Date.parse(status.rotatesAt) - Date.parse(status.issuedAt ?? '')) / 3_600_000),
  },
  {
    fields: ['spec.rotation.overlap'],
    effect: 'token',
    base: { rotation: { every: '720h' } },
    values: [
      { value: '48h', reads: ['48h', 720] },
      { value: undefined, reads: ['24h', 720] },
      { value: '0s', reads: ['0s', 720] },
    ],
    refused: [
      schema('800h', /rotation\.every must be longer than rotation\.overlap/),
      schema('87601h', /rotation\.overlap must be at most 87600h/),
      schema('a while', /should match/),
    ],
    read: ({ token: { spec, status } }) => [
      spec.rotation?.overlap,
      Math.round((Date.parse(status?.rotatesAt ?? '') - Date.parse(status?.issuedAt ?? '')) / 3_600_000),
    ],
  },
];
