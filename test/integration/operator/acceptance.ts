import assert from 'node:assert/strict';
import type { KVToken } from '../../../contract/objects.ts';
import { hashToken } from '../../../contract/token.ts';
import type { KubeClient } from '../../../kube/client.ts';
import type { KubeObject } from '../../../kube/object.ts';
import { secrets } from '../../../kube/resources.ts';
import { kvTokens } from './world.ts';

/** SHA-256 of the token that pods read now from the Secret `web`; undefined where there is none. */
export async function readToken(client: KubeClient, namespace: string): Promise<string | undefined> {
  const secret = await client.get<KubeObject & { data?: Record<string, string> }>(secrets, { namespace, name: 'web' });
  return secret?.data?.token && hashToken(Buffer.from(secret.data.token, 'base64').toString());
}

/**
 * Looks all the time whether every token that was ever in the Secret `web` is accepted. The end tells how often it
 * looked and which tokens it saw, and fails where one was not.
 */
export function watchAcceptance(
  client: KubeClient,
  namespace: string,
): { end(): Promise<{ looks: number; tokens: string[] }> } {
  const tokens: string[] = [];
  const refused: string[] = [];
  let looks = 0;
  let on = true;
  const watching = (async () => {
    for (; on; looks++) {
      const token = await readToken(client, namespace);
      if (token !== undefined && !tokens.includes(token)) tokens.push(token);
      const object = await client.get<KVToken>(kvTokens, { namespace, name: 'web' });
      const accepted = object?.status?.hashes ?? [];
      refused.push(...tokens.filter((one) => !accepted.includes(one)));
    }
  })();
  return {
    async end() {
      on = false;
      await watching;
      assert.deepEqual(refused, []);
      return { looks, tokens };
    },
  };
}
