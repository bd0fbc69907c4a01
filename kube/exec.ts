import { PassThrough, type Readable, type Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { Exec, type KubeConfig } from '@kubernetes/client-node';
import { KubeError } from './errors.ts';
import { type Tunnel, upgradeFailure } from './upgrade.ts';

/** A program to run in a container that runs already. */
export interface ExecOptions {
  namespace: string;
  pod: string;
  container: string;
  command: readonly string[];
  stdin?: Readable | undefined;
  stdout: Writable;
  /** Absent with a terminal, which has one output. */
  stderr?: Writable | undefined;
  /** Gives the program a terminal; `stdout` may carry `columns`, `rows` and `resize` events to tell its size. */
  tty?: boolean | undefined;
  signal?: AbortSignal | undefined;
}

/** The end of a program as the API server tells it. */
interface ExecStatus {
  status?: string;
  message?: string;
  details?: { causes?: { reason?: string; message?: string }[] };
}

/**
 * Runs a program in a container; resolves with its exit code once its output has come. Rejects with a `KubeError` where
 * it cannot be started or the connection breaks, and with the signal's reason when aborted; what was started then ends
 * with its input.
 */
export async function exec(config: KubeConfig, options: ExecOptions): Promise<number> {
  const { namespace, pod, container, command, stdin, stdout, stderr, tty = false, signal } = options;
  signal?.throwIfAborted();
  const ended = Promise.withResolvers<number>();
  // The library ends the streams that it is given; the caller's may have to serve on.
  const own = { stdout: relay(stdout), stderr: stderr && relay(stderr) };
  const what = `exec in pod ${namespace}/${pod}`;
  const conclusion = (status: ExecStatus) => conclude(status, ended);
  const { stdout: out, stderr: err = null } = own;
  const socket: Tunnel = await new Exec(config)
    .exec(namespace, pod, container, [...command], out, err, stdin ?? null, tty, conclusion)
    .catch((error: unknown) => {
      throw upgradeFailure(error, { what, resource: 'pods/exec', namespace });
    });
  const broken = () =>
    ended.reject(new KubeError({ status: 0, reason: 'Unreachable', message: `the connection to pod ${pod} broke` }));
  const abort = () => {
    ended.reject(signal?.reason);
    socket.close();
  };
  socket.addEventListener('close', broken);
  signal?.addEventListener('abort', abort, { once: true });
  try {
    const code = await ended.promise;
    // The library has ended its streams; what a slow reader has not taken yet is still in them.
    await Promise.all([out, err].map((stream) => stream && finished(stream, { signal })));
    return code;
  } finally {
    signal?.removeEventListener('abort', abort);
    socket.close();
  }
}

function conclude(status: ExecStatus, ended: PromiseWithResolvers<number>): void {
  const code = status.details?.causes?.find(({ reason }) => reason === 'ExitCode')?.message;
  const message = status.message ?? 'the program could not be started';
  if (status.status === 'Success') ended.resolve(0);
  else if (code !== undefined) ended.resolve(Number(code));
  else ended.reject(new KubeError({ status: 0, reason: 'ExecFailed', message }));
}

function relay(target: Writable): Writable {
  const stream = new PassThrough();
  stream.pipe(target, { end: false });
  const sized = target as Writable & { columns?: number; rows?: number };
  if (sized.columns === undefined) return stream;
  const size = () => Object.assign(stream, { columns: sized.columns, rows: sized.rows });
  target.on('resize', () => {
    size();
    stream.emit('resize');
  });
  return size();
}
