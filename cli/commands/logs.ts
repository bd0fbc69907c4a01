import { pipeline } from 'node:stream/promises';
import { childNames, REDIS_CONTAINER } from '../../contract/names.ts';
import { KubeError } from '../../kube/errors.ts';
import { findStore } from '../access/stores.ts';
import { CliError, EXIT } from '../errors.ts';
import type { Session } from '../session.ts';

/** `cubby logs` */
export async function logs(
  session: Session,
  [name]: [string | undefined],
  { follow, previous, tail }: { follow?: true; previous?: true; tail?: number },
) {
  const { metadata } = await findStore(session, name);
  const { log } = await session.cluster();
  const { namespace } = metadata;
  const { pod } = childNames(metadata.name);
  const container = REDIS_CONTAINER;
  const { signal } = session;
  const stream = await log({ namespace, pod, container, follow, previous, tailLines: tail, signal }).catch(
    (error: unknown) => {
      throw explainNoLog(error, metadata.name, previous === true);
    },
  );
  stream.setEncoding('utf8');
  await pipeline(stream, async (lines: AsyncIterable<string>) => {
    for await (const text of lines) session.output.write(text);
  });
}

function explainNoLog(error: unknown, store: string, isPrevious: boolean): unknown {
  if (!(error instanceof KubeError)) return error;
  if (error.status === 404) {
    const message = `Redis of ${store} has no pod now`;
    return new CliError(
      EXIT.notFound,
      message,
      `cubby status ${store} says why; cubby enable ${store} wakes a stopped one`,
    );
  }
  if (error.status === 400 && isPrevious) {
    const message = `Redis of ${store} has no earlier run in this pod`;
    return new CliError(EXIT.notFound, message, 'leave out --previous');
  }
  return error;
}
