import { createHash } from 'node:crypto';
import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { SHELL_ANNOTATION } from '../../contract/labels.ts';
import type { KVStore } from '../../contract/objects.ts';
import type { Cluster } from '../../kube/cluster.ts';
import { isInvalid, isNotFound } from '../../kube/errors.ts';
import { CliError, EXIT } from '../errors.ts';
import type { Session } from '../session.ts';
import { FIELD_MANAGER, kvStores } from './kinds.ts';

/** The Redis user that the annotation lets in. */
const USER = 'shell';
/** Printed by the program in the pod once it has read the password, so that nothing before it, its echo, is shown. */
export const READY = '\x1eready\x1e';
/** Reads the password from its input, so that it stands in no command line, and hands it over by the environment. */
const SCRIPT = `IFS= read -r p && printf '${READY}' && REDISCLI_AUTH="$p" exec redis-cli --user ${USER} --no-auth-warning "$@"`;

/** The command that runs redis-cli in the pod; the first line of its input is the password. */
export const shellCommand = (args: readonly string[]): string[] => ['sh', '-c', SCRIPT, 'redis-cli', ...args];

/** Where redis-cli is to run. */
export interface Place {
  namespace: string;
  pod: string;
  container: string;
}

/** Throws a CliError where another redis-cli is open: two would take the password from each other. */
export function refuseSecond(store: KVStore): void {
  const until = store.metadata.annotations?.[SHELL_ANNOTATION]?.split(':').slice(1).join(':');
  if (until === undefined || Date.parse(until) < Date.now()) return;
  const message = `somebody has a redis-cli open on ${store.metadata.name}, until ${until} at the latest`;
  throw new CliError(EXIT.conflict, message, 'wait for its end, or end it and take its place with --force');
}

/** Lets that password in for so many seconds, or until the session ends. */
export async function letIn(session: Session, store: KVStore, password: string, validFor: number): Promise<void> {
  const { client } = await session.cluster();
  const { namespace, name } = store.metadata;
  const hash = createHash('sha256').update(password).digest('hex');
  const until = `${new Date(Date.now() + validFor * 1000).toISOString().slice(0, 19)}Z`;
  const value = `${hash}:${until}`;
  const edit = { metadata: { annotations: { [SHELL_ANNOTATION]: value } } };
  session.leaves(`the Redis user ${USER} of ${name} stays until ${until} at the latest`);
  await client.patch(kvStores, { namespace, name }, edit, { type: 'merge', fieldManager: FIELD_MANAGER });
  session.atEnd(async () => {
    const path = `/metadata/annotations/${SHELL_ANNOTATION.replace('/', '~1')}`;
    // Only our own: with --force somebody else may have taken the place.
    const removal = [
      { op: 'test', path, value },
      { op: 'remove', path },
    ];
    await client
      .patch(kvStores, { namespace, name }, removal, { type: 'json', timeoutMs: 5_000 })
      .catch((error: unknown) => {
        if (isInvalid(error) || isNotFound(error)) return;
        session.output.note(
          `note: the Redis user ${USER} of ${name} could not be removed; it ends at ${until} by itself`,
        );
      });
    session.leaves(undefined);
  });
}

/** Waits until Redis knows the password; the operator writes it, and the kubelet brings the file within about a minute. */
export async function untilAccepted(session: Session, place: Place, password: string, timeout: number) {
  const cluster = await session.cluster();
  const end = Date.now() + timeout * 1000;
  let noted = false;
  const start = Date.now();
  for (;;) {
    const answer = await ping(cluster, place, password, session.signal);
    if (answer.includes('PONG')) return;
    if (!/WRONGPASS|NOAUTH|AUTH failed/.test(answer)) {
      const remedy = 'cubby status and cubby logs say more';
      throw new CliError(EXIT.unavailable, `redis-cli cannot reach Redis: ${answer.trim() || 'no answer'}`, remedy);
    }
    if (Date.now() > end) {
      const remedy = 'give it longer with --timeout; cubby status says whether the operator sees the store';
      throw new CliError(EXIT.unavailable, `Redis did not let the user ${USER} in within ${timeout} s`, remedy);
    }
    if (!noted && Date.now() - start > 2_000) {
      noted = true;
      session.output.note('waiting for Redis to load its users, which can take a minute');
    }
    await sleep(500, undefined, { signal: session.signal });
  }
}

async function ping(cluster: Cluster, place: Place, password: string, signal: AbortSignal): Promise<string> {
  const stdin = new PassThrough();
  stdin.end(`${password}\n`);
  let answer = '';
  const stdout = new PassThrough().setEncoding('utf8').on('data', (text: string) => {
    answer += text;
  });
  await cluster.exec({ ...place, command: shellCommand(['ping']), stdin, stdout, stderr: stdout, signal });
  return answer;
}
