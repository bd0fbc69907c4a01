import { createHash, randomBytes } from 'node:crypto';
import { PassThrough, Transform, type Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { SHELL_ANNOTATION } from '../../contract/labels.ts';
import { childNames, REDIS_CONTAINER } from '../../contract/names.ts';
import type { KVStore } from '../../contract/objects.ts';
import type { Cluster } from '../../kube/cluster.ts';
import { isInvalid, isNotFound } from '../../kube/errors.ts';
import { FIELD_MANAGER, kvStores } from '../access/kinds.ts';
import { findStore } from '../access/stores.ts';
import { CliError, EXIT } from '../errors.ts';
import type { Session } from '../session.ts';

/** The Redis user that the annotation lets in. */
const USER = 'shell';
/** Printed by the program in the pod once it has read the password, so that nothing before it, its echo, is shown. */
const READY = '\x1eready\x1e';
/** Reads the password from its input, so that it stands in no command line, and hands it over by the environment. */
const SCRIPT = `IFS= read -r p && printf '${READY}' && REDISCLI_AUTH="$p" exec redis-cli --user ${USER} --no-auth-warning "$@"`;

/** What the operator allows. */
const LONGEST_SECONDS = 8 * 3600;

/** Where redis-cli is to run. */
interface Place {
  namespace: string;
  pod: string;
  container: string;
}

/** `cubby redis-cli` */
export async function redisCli(
  session: Session,
  [name, args]: [string, string[]],
  { validFor, timeout, force }: { validFor: number; timeout: number; force?: true },
): Promise<number> {
  const store = await findStore(session, name);
  const cluster = await session.cluster();
  const { namespace } = store.metadata;
  const place: Place = { namespace, pod: childNames(name).pod, container: REDIS_CONTAINER };
  if (!store.spec.enabled) {
    throw new CliError(EXIT.unavailable, `${name} is stopped on request`, `wake it with: cubby enable ${name}`);
  }
  if (validFor > LONGEST_SECONDS) throw new CliError(EXIT.usage, 'an access may last 8h at most', 'lower --valid-for');
  if (!force) refuseSecond(store);
  const password = randomBytes(24).toString('base64url');
  await letIn(session, store, password, validFor);
  await untilAccepted(session, cluster, place, password, timeout);
  const { stdin, output, signal } = session;
  const tty = args.length === 0 && stdin.isTTY === true && output.isTerminal;
  const input = new PassThrough();
  input.write(`${password}\n`);
  const stdout = showAfterReady(process.stdout);
  if (tty) {
    stdin.setRawMode(true);
    session.atEnd(() => stdin.setRawMode(false));
  }
  // With arguments redis-cli asks for no input, and a terminal's would never end.
  if (args.length > 0 && stdin.isTTY) input.end();
  else stdin.pipe(input);
  session.atEnd(() => stdin.unpipe(input).pause());
  const stderr = tty ? undefined : process.stderr;
  const command = ['sh', '-c', SCRIPT, 'redis-cli', ...args];
  const code = await cluster.exec({ ...place, command, stdin: input, stdout, stderr, tty, signal });
  // What a slow reader has not taken yet is still in there.
  stdout.end();
  await finished(stdout, { signal });
  return code;
}

/** Two sessions would take the password from each other. */
function refuseSecond(store: KVStore): void {
  const until = store.metadata.annotations?.[SHELL_ANNOTATION]?.split(':').slice(1).join(':');
  if (until === undefined || Date.parse(until) < Date.now()) return;
  const message = `somebody has a redis-cli open on ${store.metadata.name}, until ${until} at the latest`;
  throw new CliError(EXIT.conflict, message, 'wait for its end, or end it and take its place with --force');
}

async function letIn(session: Session, store: KVStore, password: string, validFor: number): Promise<void> {
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
async function untilAccepted(session: Session, cluster: Cluster, place: Place, password: string, timeout: number) {
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
  const command = ['sh', '-c', SCRIPT, 'redis-cli', 'ping'];
  await cluster.exec({ ...place, command, stdin, stdout, stderr: stdout, signal });
  return answer;
}

/** Output from behind the mark on; the size of the terminal is that of the target. */
function showAfterReady(target: NodeJS.WriteStream): Writable {
  let held: string | undefined = '';
  const filter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      if (held === undefined) return done(null, chunk);
      held += chunk.toString('latin1');
      const at = held.indexOf(READY);
      if (at < 0) return done();
      const rest = Buffer.from(held.slice(at + READY.length), 'latin1');
      held = undefined;
      done(null, rest);
    },
  });
  filter.pipe(target, { end: false });
  if (!target.isTTY) return filter;
  // A terminal that does not know its size would be asked for it by redis-cli, and may never answer.
  const size = () => Object.assign(filter, { columns: target.columns || 80, rows: target.rows || 24 });
  target.on('resize', () => size().emit('resize'));
  return size();
}
