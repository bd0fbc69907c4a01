import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KVToken } from '../../contract/objects.ts';
import { claimedProject } from '../../contract/projects.ts';
import { formatToken, hashToken, TOKEN_RANDOM_BYTES } from '../../contract/token.ts';
import { EditError } from '../directory/edit.ts';
import type { IssuedSpec } from '../directory/token-editor.ts';
import { type TokenView, viewToken } from '../manage/token-view.ts';
import type { Call } from '../pipeline/call.ts';
import { ApiError } from '../pipeline/errors.ts';
import { answerTo, findStore, requireSite, type Site } from './manage-site.ts';
import { manages } from './manage-status.ts';

/** What a token is to be. */
export interface TokenWish {
  type: 'Project' | 'Deployment';
  scopes: KVToken['spec']['scopes'];
  /** Absent: one is made up. */
  name?: string | undefined;
  /** Seconds until the token expires; absent means never. */
  ttl?: number | undefined;
}

/** A token that was made: its value is in this answer, and nowhere else. */
export interface Created {
  success: true;
  message: string;
  token: TokenView;
  value: string;
}

/** The operator accepts a token within moments; who asked for it is told so where it can be said soon. */
const KNOWN_MS = 3000;
const LOOK_MS = 25;
/** Names are made up so many times while they are taken. */
const ATTEMPTS = 5;

/** The tokens of the project that a call is about. */
export function listTokens(call: Call): TokenView[] {
  const { reach, services } = call;
  return reach.ref ? services.directory.tokens.ofStore(reach.ref).map((token) => viewOf(call, token)) : [];
}

/** Makes a token for the project's store, and waits a little until it is accepted. */
export async function createToken(call: Call, wish: TokenWish): Promise<Created> {
  const site = requireSite(call);
  const value = formatToken(wish.type, randomBytes(TOKEN_RANDOM_BYTES));
  const hash = hashToken(value);
  const made = await writing(site, async () => {
    if (!(await findStore(site))) {
      throw new ApiError('not_found', 'the project has no store; make one with POST /api/kv/enable');
    }
    return create(site, wish, {
      type: wish.type,
      storeRef: { name: site.name },
      scopes: wish.scopes,
      issued: { sha256: hash, lastFour: value.slice(-4) },
      ...(wish.ttl !== undefined && { expiresAt: new Date(call.services.now() + wish.ttl * 1000).toISOString() }),
    });
  });
  call.changed = [`KVToken ${made.metadata.name}`];
  const token = viewOf(call, await waitUntilKnown(call, made, hash));
  const message =
    token.state === 'active'
      ? 'the token works; it is shown only this once'
      : 'the token is made and will work when the operator has seen it; it is shown only this once';
  return { success: true, message, token, value };
}

/** Removes a token of the project; throws not_found where the project has none of that name. */
export async function revokeToken(call: Call): Promise<{ success: true; message: string }> {
  const site = requireSite(call);
  const name = call.key;
  await writing(site, async () => {
    const { editor, tokens } = site.management;
    const found = NAME_PATTERN.test(name) ? await tokens.get(name) : undefined;
    const isOfStore = found?.spec.storeRef?.name === site.name;
    // What has the name that the project's store would have may serve another project.
    const store = isOfStore ? await editor.get(site.name) : undefined;
    if (!found || !isOfStore || (store && claimedProject(store) !== site.project)) {
      throw new ApiError('not_found', 'the project has no token of that name');
    }
    await tokens.remove(found);
    call.changed = [`KVToken ${name}`];
  });
  return { success: true, message: 'the token is revoked; every replica refuses it within two seconds' };
}

/** What a token's name may be; any other is none that the API has made. */
export const NAME_PATTERN = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

async function create(site: Site, { name, type }: TokenWish, spec: IssuedSpec): Promise<KVToken> {
  const { tokens } = site.management;
  for (let attempt = 1; ; attempt++) {
    try {
      return await tokens.create(name ?? `${type.toLowerCase()}-${randomBytes(3).toString('hex')}`, spec);
    } catch (error) {
      if (!(error instanceof EditError) || error.failure !== 'raced') throw error;
      if (name !== undefined) throw new ApiError('conflict', `there is a KVToken ${name} already; choose another name`);
      if (attempt === ATTEMPTS) throw error;
    }
  }
}

/** The token as it is known when it is accepted, or when that takes too long. */
async function waitUntilKnown({ services }: Call, made: KVToken, hash: string): Promise<KVToken> {
  const { tokens } = services.directory;
  const end = performance.now() + KNOWN_MS;
  while (tokens.find(hash) === undefined && performance.now() < end) await sleep(LOOK_MS);
  const { namespace, name, uid } = made.metadata;
  const ref = { namespace, name: made.spec.storeRef?.name ?? '' };
  return tokens.ofStore(ref).find(({ metadata }) => metadata.name === name && metadata.uid === uid) ?? made;
}

function viewOf(call: Call, token: KVToken): TokenView {
  const { directory, now } = call.services;
  const { namespace, name } = token.metadata;
  const isAccepted = (hash: string) => {
    const found = directory.tokens.find(hash);
    return found?.namespace === namespace && found.name === name;
  };
  return viewToken(token, {
    accepted: token.status?.hashes?.some(isAccepted) ?? false,
    revocable: manages(call, namespace),
    now: now(),
  });
}

async function writing<T>(site: Site, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    throw error instanceof EditError ? answerTo(error, 'KVToken', site.management.editor.namespace) : error;
  }
}
