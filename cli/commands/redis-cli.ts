import { randomBytes } from 'node:crypto';
import { PassThrough, Transform, type Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { childNames, REDIS_CONTAINER } from '../../contract/names.ts';
import { letIn, type Place, READY, refuseSecond, shellCommand, untilAccepted } from '../access/shell.ts';
import { findStore } from '../access/stores.ts';
import { CliError, EXIT } from '../errors.ts';
import type { Session } from '../session.ts';

/** What the operator allows. */
const LONGEST_SECONDS = 8 * 3600;

/** `cubby redis-cli` */
export async function redisCli(
  session: Session,
  [name, args]: [string, string[]],
  { validFor, timeout, force }: { validFor: number; timeout: number; force?: true },
): Promise<number> {
  const store = await findStore(session, name);
  const { namespace } = store.metadata;
  const place: Place = { namespace, pod: childNames(name).pod, container: REDIS_CONTAINER };
  if (!store.spec.enabled) {
    throw new CliError(EXIT.unavailable, `${name} is stopped on request`, `wake it with: cubby enable ${name}`);
  }
  if (validFor > LONGEST_SECONDS) throw new CliError(EXIT.usage, 'an access may last 8h at most', 'lower --valid-for');
  if (!force) refuseSecond(store);
  const password = randomBytes(24).toString('base64url');
  await letIn(session, store, password, validFor);
  await untilAccepted(session, place, password, timeout);
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
  const command = shellCommand(args);
  const cluster = await session.cluster();
  const code = await cluster.exec({ ...place, command, stdin: input, stdout, stderr, tty, signal });
  // What a slow reader has not taken yet is still in there.
  stdout.end();
  await finished(stdout, { signal });
  return code;
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
