import { ApiError } from '../pipeline/errors.ts';

/** The most bytes of JSON text that a value may have. */
export const MAX_VALUE_BYTES = 262_144;

/**
 * The text of a value; throws bad_request where the body lacks one, and payload_too_large where it is too long. `name` is
 * how the client knows the field.
 */
export function requireValue(value: Buffer | undefined, name = 'value'): Buffer {
  if (!value) throw new ApiError('bad_request', `send a JSON body with the field ${name}`);
  if (value.length > MAX_VALUE_BYTES) {
    const detail = `${name} has ${value.length} bytes of JSON; a value may have at most ${MAX_VALUE_BYTES}`;
    throw new ApiError('payload_too_large', detail);
  }
  return value;
}
