import { isAlreadyExists, isConflict, isForbidden, isInvalid, isNotFound, KubeError } from '../../kube/errors.ts';

/**
 * Why an object was not written:
 * - `refused`: the API server does not take what was asked for, as its schema or a rule says;
 * - `forbidden`: the data plane may not do this there;
 * - `raced`: somebody else wrote or removed it since it was read; read it again;
 * - `unavailable`: it could not be done now.
 */
export type EditFailure = 'refused' | 'forbidden' | 'raced' | 'unavailable';

/** The message is the API server's: it names objects, fields and rights, and quotes what was asked for. */
export class EditError extends Error {
  readonly failure: EditFailure;

  constructor(failure: EditFailure, message: string, cause: unknown) {
    super(message, { cause });
    this.name = 'EditError';
    this.failure = failure;
  }
}

/** Options of a call to the API server, for whose end a client waits. */
export const CALL = { timeoutMs: 5000 };
/** Options of one that writes. */
export const WRITE = { ...CALL, fieldManager: 'cubby-dataplane' };

/** What the call comes to; rejects with an EditError and with nothing else. */
export async function attempt<T>(call: () => Promise<T>, whenNotFound: EditFailure): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof KubeError)) throw new EditError('unavailable', 'the API server gave no answer', error);
    throw new EditError(failureOf(error, whenNotFound), error.message, error);
  }
}

function failureOf(error: KubeError, whenNotFound: EditFailure): EditFailure {
  if (isInvalid(error)) return 'refused';
  if (isForbidden(error)) return 'forbidden';
  if (isConflict(error) || isAlreadyExists(error)) return 'raced';
  if (isNotFound(error)) return whenNotFound;
  return 'unavailable';
}
