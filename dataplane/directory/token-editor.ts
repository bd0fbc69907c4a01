import type { KVTokenSpec } from '../../contract/kvtoken.gen.ts';
import { API_VERSION, type KVToken } from '../../contract/objects.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { KubeObject } from '../../kube/object.ts';
import { resource } from '../../kube/resources.ts';
import { attempt, CALL, WRITE } from './edit.ts';

/** What a token that was made here is asked to be; the token itself is in none of it. */
export type IssuedSpec = Pick<KVTokenSpec, 'type' | 'scopes' | 'expiresAt'> &
  Required<Pick<KVTokenSpec, 'storeRef' | 'issued'>>;

/** Makes and removes the KVTokens of one namespace. Every method rejects with an EditError and with nothing else. */
export interface TokenEditor {
  /** The token as the API server has it now. */
  get(name: string): Promise<KVToken | undefined>;
  /** Makes a token; `raced` where there is one of that name. */
  create(name: string, spec: IssuedSpec): Promise<KVToken>;
  /** Removes the very object that was read; `raced` where another has its name. Nothing to do where it is gone. */
  remove(read: KVToken): Promise<void>;
}

const kvTokens = resource(API_VERSION, 'KVToken', 'kvtokens');

/** An editor of the tokens of `namespace`. */
export function createTokenEditor(
  client: Pick<KubeClient, 'get' | 'create' | 'delete'>,
  namespace: string,
): TokenEditor {
  return {
    get: (name) => attempt(() => client.get<KVToken>(kvTokens, { namespace, name }, CALL), 'unavailable'),
    create(name, spec) {
      const object: KubeObject = { apiVersion: API_VERSION, kind: 'KVToken', metadata: { namespace, name }, spec };
      return attempt(
        () => client.create(kvTokens, object, WRITE) as Promise<unknown> as Promise<KVToken>,
        'unavailable',
      );
    },
    async remove({ metadata: { name, uid } }) {
      await attempt(() => client.delete(kvTokens, { namespace, name }, { ...CALL, preconditions: { uid } }), 'raced');
    },
  };
}
