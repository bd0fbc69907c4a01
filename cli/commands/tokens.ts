import { setTimeout as sleep } from 'node:timers/promises';
import { ROTATE_ANNOTATION } from '../../contract/labels.ts';
import { API_VERSION, type KVToken } from '../../contract/objects.ts';
import { isAlreadyExists } from '../../kube/errors.ts';
import type { KubeObject } from '../../kube/object.ts';
import { secrets } from '../../kube/resources.ts';
import { FIELD_MANAGER, kvTokens } from '../access/kinds.ts';
import { findStore } from '../access/stores.ts';
import type { Scope } from '../access/token.ts';
import { CliError, EXIT } from '../errors.ts';
import type { Session } from '../session.ts';
import { viewToken } from './token-list.ts';

type TokenType = KVToken['spec']['type'];

/** What `cubby token create` takes. */
interface CreateOptions {
  type: TokenType;
  scopes: Scope[];
  role?: KVToken['spec']['role'];
  secretName?: string;
  expires?: number;
  show?: true;
  timeout: number;
}

/** `cubby token create` */
export async function create(session: Session, [name]: [string], options: CreateOptions) {
  const { client } = await session.cluster();
  const namespace = await session.namespace();
  const { type, scopes, role, secretName, expires } = options;
  const store = type === 'ApiKey' ? undefined : await findStore(session, session.options.store);
  const spec = {
    type,
    scopes,
    ...(store && { storeRef: { name: store.metadata.name } }),
    ...(role && { role }),
    ...(secretName !== undefined && { secretName }),
    ...(expires !== undefined && { expiresAt: rfc3339(Date.now() + expires * 1000) }),
  };
  const object: KubeObject = { apiVersion: API_VERSION, kind: 'KVToken', metadata: { namespace, name }, spec };
  await client.create(kvTokens, object, { fieldManager: FIELD_MANAGER }).catch((error: unknown) => {
    if (!isAlreadyExists(error)) throw error;
    const remedy = `choose another name, or replace its token with: cubby token rotate ${name}`;
    throw new CliError(EXIT.conflict, `there is a KVToken ${namespace}/${name}`, remedy);
  });
  session.leaves(`the KVToken ${name} is made; see it with: cubby token list`);
  const token = await settle(session, name, options.timeout, (now) => (now.status?.hashes ?? []).length > 0);
  await tell(session, token, options.show === true, 'is accepted');
}

/** `cubby token rotate` */
export async function rotate(session: Session, [name]: [string], options: { show?: true; timeout: number }) {
  const { client } = await session.cluster();
  const namespace = await session.namespace();
  const before = await findToken(session, name);
  if (before.spec.issued) {
    const message = `the token ${name} was made over the API, so its text is in no Secret and cannot be replaced there`;
    throw new CliError(EXIT.usage, message, 'make another one with cubby token create, then revoke this one');
  }
  const [old] = before.status?.hashes ?? [];
  const annotations = { [ROTATE_ANNOTATION]: new Date().toISOString() };
  const edit = { metadata: { annotations } };
  await client.patch(kvTokens, { namespace, name }, edit, { type: 'merge', fieldManager: FIELD_MANAGER });
  session.leaves(`the token ${name} is replaced all the same; see it with: cubby token list`);
  const isNew = ({ status }: KVToken) => status?.hashes?.[0] !== undefined && status.hashes[0] !== old;
  const token = await settle(session, name, options.timeout, isNew);
  const until = token.status?.retiring?.[0]?.until;
  session.output.note(until ? `the old token is accepted until ${until}` : 'the old token is refused from now on');
  await tell(session, token, options.show === true, 'is replaced');
}

/** `cubby token revoke` */
export async function revoke(session: Session, [name]: [string]) {
  const { client } = await session.cluster();
  const namespace = await session.namespace();
  const token = await findToken(session, name);
  await client.delete(kvTokens, { namespace, name }, { preconditions: { uid: token.metadata.uid } });
  const view = { ...viewToken(token), accepted: false };
  session.output.show(view, () => `${name} is revoked: it is refused within two seconds, and its Secret is removed\n`);
}

async function findToken(session: Session, name: string): Promise<KVToken> {
  const { client } = await session.cluster();
  const namespace = await session.namespace();
  const token = await client.get<KVToken>(kvTokens, { namespace, name }, { signal: session.signal });
  if (token) return token;
  throw new CliError(
    EXIT.notFound,
    `there is no token ${namespace}/${name}`,
    'see those there are with: cubby token list',
  );
}

/** Waits until a token is as wanted; throws where its condition refuses it, or when the time is over. */
async function settle(session: Session, name: string, timeoutSeconds: number, isDone: (token: KVToken) => boolean) {
  const end = Date.now() + timeoutSeconds * 1000;
  for (;;) {
    const token = await findToken(session, name);
    const ready = token.status?.conditions?.find(({ type }) => type === 'Ready');
    const isSeen = ready !== undefined && token.status?.observedGeneration === token.metadata.generation;
    if (isSeen && ready.status === 'True' && isDone(token)) {
      session.leaves(undefined);
      return token;
    }
    // A refusal of an earlier try may still stand here for a moment.
    if (isSeen && ready.status === 'False' && Date.now() > end - timeoutSeconds * 500) {
      throw new CliError(EXIT.error, `the token ${name} is not accepted: ${ready.reason}: ${ready.message}`);
    }
    if (Date.now() > end) {
      const message = `the operator did not take up the token ${name} within ${timeoutSeconds} s`;
      throw new CliError(EXIT.unavailable, message, 'see whether it runs: kubectl get pods -n cubby-system');
    }
    await sleep(200, undefined, { signal: session.signal });
  }
}

async function tell(session: Session, token: KVToken, show: boolean, what: string): Promise<void> {
  const { namespace, name } = token.metadata;
  const secret = token.status?.secretName ?? name;
  const value = show ? await readToken(session, namespace, secret) : undefined;
  const { output } = session;
  output.show({ ...viewToken(token), ...(value !== undefined && { token: value }) }, () => {
    if (value === undefined) {
      return `${name} ${what}: the Secret ${secret} holds it under token, url and projectId for pods to mount\n`;
    }
    output.note(`${name} ${what}; its text is on standard output`);
    return `${value}\n`;
  });
}

async function readToken(session: Session, namespace: string, name: string): Promise<string> {
  const { client } = await session.cluster();
  const secret = await client.get<KubeObject & { data?: { token?: string } }>(secrets, { namespace, name });
  const data = secret?.data?.token;
  if (data !== undefined) return Buffer.from(data, 'base64').toString();
  throw new CliError(EXIT.notFound, `the Secret ${namespace}/${name} holds no token yet`, 'try cubby token list');
}

/** A time as the API server takes it: UTC, to the second. */
function rfc3339(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
