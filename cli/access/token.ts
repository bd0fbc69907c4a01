import { readFile } from 'node:fs/promises';
import type { KVStore, KVToken } from '../../contract/objects.ts';
import { tokenType } from '../../contract/token.ts';
import type { KubeClient } from '../../kube/client.ts';
import { isForbidden } from '../../kube/errors.ts';
import type { KubeObject } from '../../kube/object.ts';
import { secrets } from '../../kube/resources.ts';
import { CliError, EXIT } from '../errors.ts';
import type { Session } from '../session.ts';
import { kvTokens } from './kinds.ts';

/** What a command does with keys and values. */
export type Scope = KVToken['spec']['scopes'][number];

/** A token and where it came from. */
export interface FoundToken {
  token: string;
  /** In words, for messages. */
  source: string;
  /** The data plane's address inside the cluster, where the Secret says it. */
  url?: string | undefined;
  /** The project that an API key is to be used for. */
  projectId?: string | undefined;
}

/** The token of --token-file or CUBBY_TOKEN; undefined where neither is set. */
export async function givenToken({ options, env }: Session): Promise<FoundToken | undefined> {
  const { tokenFile, project: projectId } = options;
  const text = tokenFile ? await readTokenFile(tokenFile) : env.CUBBY_TOKEN;
  if (!text) return undefined;
  const source = tokenFile ? `the file ${tokenFile}` : 'CUBBY_TOKEN';
  const token = text.trim();
  if (tokenType(token) !== undefined) return { token, source, projectId };
  throw new CliError(
    EXIT.refused,
    `${source} holds no whole token: its checksum does not fit`,
    'copy it again, whole: it begins with sk_live_, dt_ or tk_',
  );
}

/**
 * A token of a store with that scope, from the first Secret that the user may read. Throws a CliError that says what
 * was tried and what is missing.
 */
export async function tokenOfStore(session: Session, store: KVStore, scope: Scope | undefined): Promise<FoundToken> {
  const { client } = await session.cluster();
  const { namespace, name } = store.metadata;
  const { items } = await client.list<KVToken>(kvTokens, { namespace });
  const candidates = rank(items, name, scope);
  const tried: string[] = [];
  let isForbiddenOnce = false;
  for (const candidate of candidates) {
    const found = await readSecret(client, candidate, store).catch((error: unknown) => {
      if (!isForbidden(error)) throw error;
      isForbiddenOnce = true;
    });
    if (found) return found;
    tried.push(`Secret ${candidate.status?.secretName ?? candidate.metadata.name}`);
  }
  const needs = scope ? `a token with ${scope}` : 'a token';
  if (isForbiddenOnce) {
    const message = `${needs} for ${namespace}/${name} is in ${tried.join(', ')}, which you may not read`;
    const remedy = `ask for the verb get on secrets in the namespace ${namespace}, or give a token by CUBBY_TOKEN or --token-file`;
    throw new CliError(EXIT.refused, message, remedy);
  }
  const others = items.length - candidates.length;
  const message = `there is no ${needs.slice(2)} for ${namespace}/${name}`;
  const remedy = `make one with: cubby token create NAME --store ${name} -n ${namespace}`;
  throw new CliError(EXIT.refused, others > 0 ? `${message} among those of the namespace` : message, remedy);
}

/** The tokens of a Secret that reach a store with a scope: those bound to it first, API keys of the namespace last. */
export function rank(tokens: readonly KVToken[], store: string, scope: Scope | undefined): KVToken[] {
  const reaches = ({ spec }: KVToken) => spec.type === 'ApiKey' || spec.storeRef?.name === store;
  const hasSecret = ({ status }: KVToken) => status?.secretName !== undefined && (status.hashes ?? []).length > 0;
  return tokens
    .filter((token) => reaches(token) && hasSecret(token) && (!scope || token.spec.scopes.includes(scope)))
    .sort((a, b) => Number(a.spec.type === 'ApiKey') - Number(b.spec.type === 'ApiKey'));
}

async function readSecret(client: KubeClient, object: KVToken, store: KVStore): Promise<FoundToken | undefined> {
  const { namespace } = object.metadata;
  const name = object.status?.secretName ?? object.metadata.name;
  const secret = await client.get<KubeObject & { data?: Record<string, string> }>(secrets, { namespace, name });
  const text = (key: string) => {
    const data = secret?.data?.[key];
    return data === undefined ? undefined : Buffer.from(data, 'base64').toString();
  };
  const token = text('token');
  if (!token) return undefined;
  const projectId = object.spec.type === 'ApiKey' ? store.status?.projectId : undefined;
  return { token, source: `Secret ${namespace}/${name}`, url: text('url'), projectId };
}

async function readTokenFile(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new CliError(EXIT.usage, `the token file ${path} cannot be read (${code})`, 'name a file that holds a token');
  }
}
